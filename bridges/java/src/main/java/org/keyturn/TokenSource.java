// SPDX-License-Identifier: MIT
package org.keyturn;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The access token of an account, from memory until shortly before its end. One call of keyturn at
 * a time, however many threads ask.
 */
public final class TokenSource {
    /** A token without a known end is asked for again after so many seconds. */
    private static final long UNKNOWN_LIFE = 300;
    private static final long LONGEST_WAIT = 150;

    private static final class Held {
        final String token;
        final String service;
        final String account;
        final double until;

        Held(String token, String service, String account, double until) {
            this.token = token;
            this.service = service;
            this.account = account;
            this.until = until;
        }
    }

    private final String account;
    private final String program;
    private volatile Held held;

    /** The account as keyturn names it; null is the default one. */
    public TokenSource(String account) {
        this(account, "keyturn");
    }

    public TokenSource(String account, String program) {
        this.account = account;
        this.program = program;
    }

    /** The token; throws KeyturnException where there is none. */
    public String token() {
        return current().token;
    }

    /** The address of the account's service, such as https://api.coze.cn. */
    public String service() {
        return current().service;
    }

    /** The service refused the token: the next one is another, or the reason why not. */
    public synchronized void reject(String refused) {
        Held known = held;

        if (known == null || !known.token.equals(refused)) {
            return;
        }
        held = null;
        call(refused, "reject", account != null ? account
                : known.account + "@" + URI.create(known.service).getAuthority());
    }

    private Held current() {
        Held known = held;

        return isGood(known) ? known : ask();
    }

    private synchronized Held ask() {
        if (!isGood(held)) {
            String answer = account == null ? call("", "token", "--json")
                    : call("", "token", account, "--json");
            String token = text(answer, "access_token");

            if (token == null || token.isEmpty()) {
                throw new KeyturnException("keyturn's answer is not understood", "", "internal", 0);
            }
            held = new Held(token, text(answer, "service"), text(answer, "account"), end(answer));
        }
        return held;
    }

    private static boolean isGood(Held known) {
        return known != null && now() < known.until;
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }

    /** Until when it is good: a tenth of its life before its end, at most a minute. */
    private static double end(String answer) {
        Long expires = number(answer, "expires_at");
        Long obtained = number(answer, "obtained_at");

        if (expires == null) {
            return now() + UNKNOWN_LIFE;
        }
        double life = Math.max(expires - (obtained != null ? obtained : now()), 0);
        return expires - Math.min(60, life / 10);
    }

    private String call(String input, String... arguments) {
        List<String> command = new ArrayList<>();
        File said = null;

        command.add(program);
        command.addAll(Arrays.asList(arguments));
        try {
            said = File.createTempFile("keyturn", null);
            Process process = new ProcessBuilder(command).redirectError(said).start();
            try (OutputStream stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException ignored) {
                // It ended before it read: its status tells why.
            }
            String output = read(process.getInputStream());
            if (!process.waitFor(LONGEST_WAIT, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new KeyturnException("keyturn did not answer", "run: keyturn doctor",
                        "busy", -1);
            }
            if (process.exitValue() != 0) {
                throw failure(output, new String(java.nio.file.Files.readAllBytes(said.toPath()),
                        StandardCharsets.UTF_8), process.exitValue());
            }
            return output;
        } catch (IOException error) {
            throw new KeyturnException("keyturn cannot be run: " + error.getMessage(),
                    "install keyturn, or give the path of its program", "internal", -1);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KeyturnException("the wait for keyturn was interrupted", "", "busy", -1);
        } finally {
            if (said != null) {
                said.delete();
            }
        }
    }

    private static String read(InputStream stream) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] part = new byte[4096];

        for (int length = stream.read(part); length >= 0; length = stream.read(part)) {
            all.write(part, 0, length);
        }
        return new String(all.toByteArray(), StandardCharsets.UTF_8);
    }

    private static KeyturnException failure(String output, String said, int status) {
        String message = text(output, "message");

        if (message != null) {
            String remedy = text(output, "remedy");
            return new KeyturnException(message, remedy != null ? remedy : "",
                    text(output, "code"), status);
        }
        String[] lines = said.trim().replace("keyturn: ", "").split("\n", 2);
        return new KeyturnException(lines[0].isEmpty() ? "keyturn ended with " + status : lines[0],
                lines.length > 1 ? lines[1] : "", "internal", status);
    }

    /** A text in keyturn's JSON, which never has a name twice; null where there is none. */
    static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"")
                .matcher(json);

        return found.find() ? unescape(found.group(1)) : null;
    }

    private static Long number(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\\s*([0-9]{1,18})").matcher(json);

        return found.find() ? Long.valueOf(found.group(1)) : null;
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();

        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each != '\\') {
                plain.append(each);
                continue;
            }
            each = text.charAt(++i);
            int place = "nrtbf".indexOf(each);
            if (each == 'u' && i + 4 < text.length()) {
                plain.append((char) Integer.parseInt(text.substring(i + 1, i + 5), 16));
                i += 4;
            } else {
                plain.append(place >= 0 ? "\n\r\t\b\f".charAt(place) : each);
            }
        }
        return plain.toString();
    }
}
