// SPDX-License-Identifier: MIT

import com.coze.openapi.client.workspace.ListWorkspaceReq;
import com.coze.openapi.service.auth.TokenAuth;
import com.coze.openapi.service.service.CozeAPI;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.keyturn.CozeAuth;

/** For bridges.sh: the least turn of 50 calls of coze-api in ms of the processor, plain and bridged. */
public final class BridgeBench {
    private static double turn(CozeAPI coze) {
        ThreadMXBean thread = ManagementFactory.getThreadMXBean();
        long begun = thread.getCurrentThreadCpuTime();

        for (int i = 0; i < 50; i++) {
            coze.workspaces().list(ListWorkspaceReq.of(1, 10));
        }
        return (thread.getCurrentThreadCpuTime() - begun) / 1e6;
    }

    public static void main(String[] arguments) {
        CozeAPI plain = new CozeAPI.Builder().baseURL(System.getenv("BENCH_API"))
                .auth(new TokenAuth(System.getenv("BENCH_TOKEN"))).build();
        CozeAPI bridge = CozeAuth.connect("bench");
        double[] least = { Double.MAX_VALUE, Double.MAX_VALUE };

        // The compiler is at work in the first turns.
        for (int i = 0; i < 40; i++) {
            least[0] = Math.min(least[0], turn(plain));
            least[1] = Math.min(least[1], turn(bridge));
        }
        System.out.println(least[0] + " " + least[1]);
        System.exit(0);
    }
}
