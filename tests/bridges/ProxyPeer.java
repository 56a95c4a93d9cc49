// SPDX-License-Identifier: MIT
package org.keyturn;

import com.coze.openapi.service.auth.TokenAuth;
import com.coze.openapi.service.service.CozeAPI;

/** Coze's own way, by variables, under keyturn run --proxy: each call in turn, for so many seconds. */
final class ProxyPeer {
    public static void main(String[] arguments) throws Exception {
        CozeAPI coze = new CozeAPI.Builder().baseURL(System.getenv("COZE_API_BASE"))
                .auth(new TokenAuth(System.getenv("COZE_API_TOKEN"))).build();
        long end = System.nanoTime() + Long.parseLong(System.getenv("PEER_SECONDS")) * 1_000_000_000L;
        int done = 0;

        while (System.nanoTime() < end) {
            for (CozeCalls call : CozeCalls.values()) {
                call.make(coze);
                done++;
            }
            Thread.sleep(200);
        }
        System.out.println(done + " calls");
        coze.shutdownExecutor();
    }
}
