// SPDX-License-Identifier: MIT
package org.keyturn;

import com.coze.openapi.client.chat.CreateChatReq;
import com.coze.openapi.client.chat.model.ChatEvent;
import com.coze.openapi.client.chat.model.ChatEventType;
import com.coze.openapi.client.connversations.message.model.Message;
import com.coze.openapi.client.files.UploadFileReq;
import com.coze.openapi.client.websocket.event.downstream.ConversationChatCompletedEvent;
import com.coze.openapi.client.workspace.ListWorkspaceReq;
import com.coze.openapi.service.service.CozeAPI;
import com.coze.openapi.service.service.websocket.chat.WebsocketsChatCallbackHandler;
import com.coze.openapi.service.service.websocket.chat.WebsocketsChatClient;
import com.coze.openapi.service.service.websocket.chat.WebsocketsChatCreateReq;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What the tests do with Coze's SDK, which has no call for the user: each throws if it failed. */
enum CozeCalls {
    WORKSPACES {
        @Override
        void make(CozeAPI coze) {
            check(coze.workspaces().list(ListWorkspaceReq.of(1, 10)).getTotal() == 1, "a workspace");
        }
    },
    CHAT {
        @Override
        void make(CozeAPI coze) {
            StringBuilder said = new StringBuilder();
            CreateChatReq question = CreateChatReq.builder().botID("7").userID("me")
                    .messages(Collections.singletonList(Message.buildUserQuestionText("hello")))
                    .build();

            for (ChatEvent event : coze.chat().stream(question).blockingIterable()) {
                if (ChatEventType.CONVERSATION_MESSAGE_DELTA.equals(event.getEvent())) {
                    said.append(event.getMessage().getContent());
                }
            }
            check(said.toString().equals("hello"), "it said " + said);
        }
    },
    UPLOAD {
        @Override
        void make(CozeAPI coze) {
            byte[] text = "some text".getBytes(StandardCharsets.UTF_8);

            check(coze.files().upload(UploadFileReq.of("a.txt", text)).getFileInfo().getBytes()
                    == text.length, "the file");
        }
    },
    WEBSOCKET {
        @Override
        void make(CozeAPI coze) throws Exception {
            CompletableFuture<Void> completed = new CompletableFuture<>();
            WebsocketsChatClient client = coze.websockets().chat()
                    .create(new WebsocketsChatCreateReq("7", new WebsocketsChatCallbackHandler() {
                        @Override
                        public void onConversationChatCompleted(WebsocketsChatClient self,
                                ConversationChatCompletedEvent event) {
                            completed.complete(null);
                        }

                        @Override
                        public void onFailure(WebsocketsChatClient self, Throwable error) {
                            completed.completeExceptionally(error);
                        }

                        @Override
                        public void onClientException(WebsocketsChatClient self, Throwable error) {
                            completed.completeExceptionally(error);
                        }
                    }));

            try {
                // The SDK's constructor connects before it is done, and an event that comes first is
                // lost without a word: that the chat has begun is nothing to wait for.
                client.conversationMessageCreate(Message.buildUserQuestionText("hello"));
                completed.get(30, TimeUnit.SECONDS);
            } finally {
                client.close();
            }
        }
    };

    abstract void make(CozeAPI coze) throws Exception;

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
