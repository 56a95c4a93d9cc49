/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "helper/courier/pages.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define STYLE \
	":root{color-scheme:light dark;" \
	"--back:#f4f5f7;--card:#fff;--text:#1c2330;--soft:#5b6575;--line:#e3e6ea;" \
	"--good:#12805c;--bad:#b3362b;--plain:#5b6575}" \
	"@media(prefers-color-scheme:dark){:root{" \
	"--back:#12151b;--card:#1b2028;--text:#eceff4;--soft:#a2acba;--line:#2c333e;" \
	"--good:#4fc79b;--bad:#f08a7e;--plain:#a2acba}}" \
	"*{box-sizing:border-box;margin:0}" \
	"body{min-height:100vh;display:grid;place-items:center;padding:1.5rem;" \
	"background:var(--back);color:var(--text);" \
	"font:1rem/1.6 system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK SC'," \
	"'PingFang SC','Microsoft YaHei',sans-serif}" \
	"main{width:100%;max-width:27rem;padding:2.5rem 2rem 2rem;text-align:center;" \
	"background:var(--card);border:1px solid var(--line);border-radius:1rem}" \
	"svg{width:3.5rem;height:3.5rem;fill:none;stroke:currentColor;stroke-width:2.5;" \
	"stroke-linecap:round;stroke-linejoin:round}" \
	".good{color:var(--good)}.bad{color:var(--bad)}.plain{color:var(--plain)}" \
	"h1{margin:1rem 0 .25rem;font-size:1.375rem;line-height:1.3;font-weight:600}" \
	"p{color:var(--soft);text-wrap:balance}" \
	"section+section{margin-top:1.5rem;padding-top:1.25rem;border-top:1px solid var(--line)}" \
	"section+section h1{margin-top:0;font-size:1.25rem}" \
	"footer{margin-top:1.75rem;font-size:.8125rem;color:var(--soft);letter-spacing:.02em}"

/* The hash of STYLE; tests/test_pages.c computes it anew. */
#define STYLE_HASH "mG7Tqv0t2B5TTBS3/2F3d8lzHRSCPH6x/SEgVyEPYk4="

#define PAGE(mark, drawing, language, title, text, other, other_title, other_text) \
	"<!doctype html>\n" \
	"<html lang=\"" language "\"><head><meta charset=\"utf-8\">" \
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">" \
	"<meta name=\"color-scheme\" content=\"light dark\">" \
	"<title>" title " · keyturn</title><style>" STYLE "</style></head>\n" \
	"<body><main>" \
	"<svg class=\"" mark "\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">" \
	"<circle cx=\"24\" cy=\"24\" r=\"21\"/><path d=\"" drawing "\"/></svg>\n" \
	"<section><h1>" title "</h1><p>" text "</p></section>\n" \
	"<section lang=\"" other "\"><h1>" other_title "</h1><p>" other_text "</p></section>\n" \
	"<footer>keyturn</footer></main></body></html>\n"

/* In both languages: English first, and Chinese first. */
#define PAGES(mark, drawing, title, text, title_zh, text_zh) \
	{ PAGE(mark, drawing, "en", title, text, "zh-CN", title_zh, text_zh), \
	  PAGE(mark, drawing, "zh-CN", title_zh, text_zh, "en", title, text) }

#define CHECK_MARK "M14.5 24.5l6.5 6.5L34 17.5"
#define CROSS "M16.5 16.5l15 15M31.5 16.5l-15 15"
#define EXCLAMATION "M24 13v13M24 33.5v.5"

static const struct {
	const char *status;
	const char *bodies[2]; /* English first, Chinese first */
} pages[] = {
	[KT_PAGE_RECEIVED] = { "200 OK",
		PAGES("good", CHECK_MARK,
		     "Login received", "You may close this window. keyturn goes on in the terminal.",
		     "授权成功", "可以关闭此页面，keyturn 会在终端里继续。") },
	[KT_PAGE_DENIED] = { "200 OK",
		PAGES("bad", CROSS,
		     "Login refused", "Nothing was saved. You may close this window; "
		     "the terminal says why.",
		     "授权被拒绝", "没有保存任何内容，原因请看终端。") },
	[KT_PAGE_STRAY] = { "400 Bad Request",
		PAGES("plain", EXCLAMATION,
		     "Not this login", "This page does not belong to the login that keyturn is "
		     "waiting for. Please use the address that the terminal shows.",
		     "这不是本次登录的页面", "请使用终端里显示的地址。") },
	[KT_PAGE_NOT_FOUND] = { "404 Not Found", { "", "" } },
	[KT_PAGE_NOT_ALLOWED] = { "405 Method Not Allowed", { "", "" } },
	[KT_PAGE_TOO_LARGE] = { "431 Request Header Fields Too Large", { "", "" } },
};

bool kt_pages_is_chinese_first(const char *request, size_t length, bool is_terminal_chinese)
{
	static const char name[] = "\nAccept-Language:";
	const char *end = request + length;

	for (const char *line = request; (line = memchr(line, '\n', (size_t)(end - line))) != NULL;
	     line++) {
		const char *tag = line + strlen(name);

		if ((size_t)(end - line) < strlen(name) + 3 || strncasecmp(line, name, strlen(name)) != 0)
			continue;
		while (tag < end - 3 && (*tag == ' ' || *tag == '\t'))
			tag++;
		if (*tag == '*')
			break;
		return strncasecmp(tag, "zh", 2) == 0 && !isalnum((unsigned char)tag[2]);
	}
	return is_terminal_chinese;
}

bool kt_pages_append(struct kt_secret *response, enum kt_page page, bool is_chinese_first,
                     struct kt_error *error)
{
	const char *body = pages[page].bodies[is_chinese_first];
	KT_CLEANUP(kt_text_free) char *head = NULL;

	return kt_text_format(&head, error,
	                      "HTTP/1.1 %s\r\n"
	                      "Content-Type: text/html; charset=utf-8\r\n"
	                      "Content-Length: %zu\r\n"
	                      "Content-Security-Policy: default-src 'none'; "
	                      "style-src 'sha256-" STYLE_HASH "'; base-uri 'none'; "
	                      "form-action 'none'; frame-ancestors 'none'\r\n"
	                      "Cache-Control: no-store\r\n"
	                      "Referrer-Policy: no-referrer\r\n"
	                      "X-Content-Type-Options: nosniff\r\n"
	                      "X-Frame-Options: DENY\r\n"
	                      "%s"
	                      "Connection: close\r\n\r\n",
	                      pages[page].status, strlen(body),
	                      page == KT_PAGE_NOT_ALLOWED ? "Allow: GET\r\n" : "") &&
	       kt_secret_append_text(response, head, error) &&
	       kt_secret_append_text(response, body, error);
}
