// SPDX-License-Identifier: MIT
package org.keyturn;

/** keyturn gave no token. The message is its own cause and remedy, and holds no secret. */
public final class KeyturnException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String remedy;
    private final String code;
    private final int exitStatus;

    KeyturnException(String message, String remedy, String code, int exitStatus) {
        super(remedy.isEmpty() ? message : message + "\n" + remedy);
        this.remedy = remedy;
        this.code = code;
        this.exitStatus = exitStatus;
    }

    public String remedy() {
        return remedy;
    }

    /** The code of keyturn's JSON errors, such as not_found. */
    public String code() {
        return code;
    }

    /** keyturn's exit status; -1 if it did not run to its end. */
    public int exitStatus() {
        return exitStatus;
    }
}
