// SPDX-License-Identifier: MIT
package org.keyturn;

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
import java.util.concurrent.atomic.AtomicInteger;

/** Against the Coze server of tests/servers, as tests/bridges.sh starts it. */
public final class CozeTest {
    private static final int CALLERS = 16;
    private static final String ACCOUNT = System.getenv("BRIDGE_ACCOUNT");
    private static final int LIFE = Integer.parseInt(System.getenv("BRIDGE_LIFE"));

    private static void check(boolean holds, String what) {
        CozeCalls.check(holds, what);
    }

    private static long starts(String account) throws Exception {
        return Files.readAllLines(Paths.get(System.getenv("BRIDGE_STARTS"))).stream()
                .filter(line -> line.startsWith("token " + account + " ")).count();
    }

    private static long refused(String token) throws Exception {
        return Files.readAllLines(Paths.get(System.getenv("BRIDGE_LOG"))).stream()
                .filter(line -> line.contains("\"value\":\"" + token + "\"")
                        && line.contains("\"status\":401")).count();
    }

    private static void revoke(String token) throws Exception {
        HttpURLConnection control = (HttpURLConnection)
                new URL(System.getenv("BRIDGE_CONTROL") + "/control").openConnection();

        control.setRequestMethod("POST");
        control.setDoOutput(true);
        try (OutputStream body = control.getOutputStream()) {
            body.write(("{\"revoke_access\":\"" + token + "\"}").getBytes(StandardCharsets.UTF_8));
        }
        check(control.getResponseCode() == 200, "the server revokes");
    }

    /** A source whose token has its whole life before it, so that none but the server ends it. */
    private static TokenSource young() {
        TokenSource source = new TokenSource(ACCOUNT);

        source.reject(source.token());
        source.token();
        return source;
    }

    /** So many threads for each account, which do one thing after the other until that time. */
    private static int run(List<CozeAPI> clients, long end, long pause, Runnable middle)
            throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<Void>> results = new ArrayList<>();
        AtomicInteger done = new AtomicInteger();

        for (CozeAPI coze : clients) {
            for (int i = 0; i < CALLERS; i++) {
                int first = i;
                results.add(threads.submit((Callable<Void>) () -> {
                    for (int number = first; System.currentTimeMillis() < end; number++) {
                        CozeCalls.values()[number % CozeCalls.values().length].make(coze);
                        done.incrementAndGet();
                        Thread.sleep(pause);
                    }
                    return null;
                }));
            }
        }
        middle.run();
        for (Future<Void> result : results) {
            result.get();
        }
        threads.shutdown();
        return done.get();
    }

    private static void threeLivesOfEachKind() throws Exception {
        String[] accounts = System.getenv("BRIDGE_ACCOUNTS").split(" ");
        List<CozeAPI> clients = new ArrayList<>();
        long[] asked = new long[accounts.length];

        for (int i = 0; i < accounts.length; i++) {
            asked[i] = -starts(accounts[i]);
            clients.add(CozeAuth.connect(accounts[i]));
        }
        int done = run(clients, System.currentTimeMillis() + 3000L * LIFE, 1000, () -> { });
        for (int i = 0; i < accounts.length; i++) {
            asked[i] += starts(accounts[i]);
            // A token is left a tenth of its life before its end, and may have been in its last
            // fifth, with its renewal under way: the first, and two for each life at the most.
            check(asked[i] >= 3 && asked[i] <= 7, asked[i] + " starts for " + accounts[i]);
        }
        System.out.println(done + " calls; starts of keyturn: " + java.util.Arrays.toString(asked));
    }

    private static void whatIsNotRenewed() throws Exception {
        for (String account : System.getenv("BRIDGE_FIXED").split(" ")) {
            for (CozeCalls call : CozeCalls.values()) {
                call.make(CozeAuth.connect(account));
            }
        }
    }

    private static void revokedInTheMiddle() throws Exception {
        TokenSource source = young();
        CozeAPI coze = CozeAuth.connect(source);
        long before = starts(ACCOUNT);
        String[] revoked = new String[1];
        List<CozeAPI> clients = new ArrayList<>();

        clients.add(coze);
        int done = run(clients, System.currentTimeMillis() + 4000, 100, () -> {
            try {
                Thread.sleep(2000);
                revoked[0] = source.token();
                revoke(revoked[0]);
            } catch (Exception error) {
                throw new AssertionError(error);
            }
        });
        check(done > CALLERS, done + " calls");
        check(refused(revoked[0]) > 0 && refused(revoked[0]) <= CALLERS,
                refused(revoked[0]) + " calls were refused");
        check(starts(ACCOUNT) - before <= 3, "it is asked once more");
    }

    /** The interceptor repeats the opening request of a websocket too. */
    private static void revokedIsReplacedWithinEachCall() throws Exception {
        TokenSource source = young();
        CozeAPI coze = CozeAuth.connect(source);

        for (CozeCalls call : CozeCalls.values()) {
            String token = source.token();
            revoke(token);
            call.make(coze);
            check(refused(token) == 1, call + " was refused so often: " + refused(token));
        }
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
        revokedIsReplacedWithinEachCall();
        revokedInTheMiddle();
        whatIsNotRenewed();
        threeLivesOfEachKind();
        System.out.println("ok");
        System.exit(0);
    }
}
