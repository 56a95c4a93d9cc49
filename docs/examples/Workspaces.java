// SPDX-License-Identifier: MIT

import com.coze.openapi.client.workspace.ListWorkspaceReq;
import com.coze.openapi.service.auth.TokenAuth;
import com.coze.openapi.service.service.CozeAPI;

/** keyturn run work -- java Workspaces: Coze's own way, by variables. */
public final class Workspaces {
    public static void main(String[] arguments) {
        CozeAPI coze = new CozeAPI.Builder().baseURL(System.getenv("COZE_API_BASE"))
                .auth(new TokenAuth(System.getenv("COZE_API_TOKEN"))).build();

        System.out.println(coze.workspaces().list(ListWorkspaceReq.of(1, 10)).getTotal());
        coze.shutdownExecutor();
    }
}
