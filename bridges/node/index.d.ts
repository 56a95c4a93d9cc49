/* SPDX-License-Identifier: MIT */

export interface Options {
	/** Whose conversations a service app's token sees. */
	sessionName?: string;
	/** The program; default "keyturn", by PATH. */
	program?: string;
}

export interface Token {
	/** The token; rejects with a KeyturnError where there is none. */
	(): Promise<string>;
	/** The service refused this token: the next one is another. */
	reject(refused: string): Promise<void>;
	/** The address of the account's service, such as https://api.coze.cn. */
	service(): Promise<string>;
	/** The address of its websockets, such as wss://ws.coze.cn. */
	websockets(): Promise<string>;
	/** fetch() with the token; a refused one is replaced once. */
	fetch(resource: string | URL | Request, options?: RequestInit): Promise<Response>;
	/** Makes an instance of axios replace a refused token, once for a request. */
	retry<Axios>(axios: Axios): Axios;
}

export declare class KeyturnError extends Error {
	readonly remedy: string;
	readonly code: string;
	readonly exitStatus: number | null;
}

export declare function keyturn(account?: string, options?: Options): Token;
export default keyturn;
