// SPDX-License-Identifier: MIT
package org.keyturn;

import com.coze.openapi.client.workspace.ListWorkspaceReq;
import com.coze.openapi.service.service.CozeAPI;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Against the Coze server of tests/servers, as tests/bridges.sh starts it. */
public final class CozeTest {
    private static final int CALLERS = 16;
    private static final String ACCOUNT = System.getenv("BRIDGE_ACCOUNT");

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static boolean works(CozeAPI coze) {
        return coze.workspaces().list(ListWorkspaceReq.of(1, 10)).getTotal() == 1;
    }

    private static int starts() throws Exception {
        return Files.readAllLines(Paths.get(System.getenv("BRIDGE_STARTS"))).size();
    }

    private static void revoke(String token) throws Exception {
        HttpURLConnection control = (HttpURLConnection)
                new URL(System.getenv("BRIDGE_CONTROL") + "/control").openConnection();

        control.setRequestMethod("POST");
        control.setDoOutput(true);
        try (OutputStream body = control.getOutputStream()) {
            body.write(("{\"revoke\":\"" + token + "\"}").getBytes(StandardCharsets.UTF_8));
        }
        check(control.getResponseCode() == 200, "the server revokes");
    }

    private static void threeLivesWithManyThreads(CozeAPI coze) throws Exception {
        long end = System.currentTimeMillis() + 3000L * Integer.parseInt(System.getenv("BRIDGE_LIFE"));
        int before = starts();
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        List<Future<Void>> results = new ArrayList<>();

        for (int i = 0; i < CALLERS; i++) {
            results.add(threads.submit((Callable<Void>) () -> {
                while (System.currentTimeMillis() < end) {
                    check(works(coze), "it is the account");
                    Thread.sleep(50);
                }
                return null;
            }));
        }
        for (Future<Void> result : results) {
            result.get();
        }
        threads.shutdown();
        check(starts() - before <= 8, "keyturn is started once a life, not " + (starts() - before));
    }

    private static void revokedIsReplacedWithinTheCall() throws Exception {
        CozeAPI coze = CozeAuth.connect(ACCOUNT);

        check(works(coze), "the first one works");
        revoke(new TokenSource(ACCOUNT).token());
        check(works(coze), "a new token is taken");
    }

    private static void failuresCarryCauseAndRemedy() {
        try {
            new TokenSource("nobody").token();
            check(false, "there is no such account");
        } catch (KeyturnException error) {
            check(error.code().equals("not_found") && error.exitStatus() == 1
                    && error.getMessage().contains("nobody") && !error.remedy().isEmpty(),
                    error.toString());
        }
        try {
            new TokenSource(null, "/nonexistent").token();
            check(false, "there is no such program");
        } catch (KeyturnException error) {
            check(error.remedy().contains("install"), error.toString());
        }
    }

    private static void escapesAreRead() {
        check("a\"b\\\u00e9".equals(TokenSource.text("{\"x\": \"a\\\"b\\\\\\u00e9\"}", "x")), "JSON");
    }

    public static void main(String[] arguments) throws Exception {
        escapesAreRead();
        failuresCarryCauseAndRemedy();
        revokedIsReplacedWithinTheCall();
        threeLivesWithManyThreads(CozeAuth.connect(ACCOUNT));
        System.out.println("ok");
        System.exit(0);
    }
}
