// SPDX-License-Identifier: MIT
package org.keyturn;

import com.coze.openapi.service.auth.Auth;
import com.coze.openapi.service.service.CozeAPI;
import java.io.IOException;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** For CozeAPI.Builder; connect() makes a client that also replaces a refused token. */
public final class CozeAuth extends Auth {
    private static final long LONGEST_REFUSAL = 16384;

    private final TokenSource source;

    public CozeAuth(TokenSource source) {
        this.source = source;
    }

    /** A client of the account's own site. */
    public static CozeAPI connect(String account) {
        return connect(new TokenSource(account));
    }

    /** The same with a source that others share. */
    public static CozeAPI connect(TokenSource source) {
        CozeAuth auth = new CozeAuth(source);

        return new CozeAPI.Builder().baseURL(auth.source.service()).auth(auth)
                .client(new OkHttpClient.Builder().addInterceptor(auth.retry()).build()).build();
    }

    @Override
    public String token() {
        return source.token();
    }

    /** An interceptor for OkHttp: a refused token is replaced, once for a request. */
    public Interceptor retry() {
        return new Interceptor() {
            @Override
            public Response intercept(Chain chain) throws IOException {
                Request request = chain.request();
                String token = source.token();
                Response response = chain.proceed(with(request, token));

                boolean repeats = request.body() == null || !request.body().isOneShot();

                if (!isRefused(response)) {
                    return response;
                }
                if (repeats) {
                    response.close();
                }
                source.reject(token);
                return repeats ? chain.proceed(with(request, source.token())) : response;
            }
        };
    }

    private static Request with(Request request, String token) {
        return request.newBuilder().header("Authorization", "Bearer " + token).build();
    }

    /** Coze's codes for a token that it does not take also come with HTTP 200. */
    private static boolean isRefused(Response response) throws IOException {
        String type = response.header("Content-Type", "");

        if (response.code() == 401) {
            return true;
        }
        if (!type.contains("json") || response.body() == null
                || response.body().contentLength() > LONGEST_REFUSAL) {
            return false;
        }
        return response.peekBody(LONGEST_REFUSAL).string()
                .matches("(?s)\\{.*\"code\":\\s*(4100|700012006)\\s*[,}].*");
    }
}
