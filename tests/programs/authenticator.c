/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Security keys for tests, where there is no USB: libfido2's own I/O ends here. After the
 * specification "Client to Authenticator Protocol (CTAP)", 2.1: 6.1 (authenticatorMakeCredential),
 * 6.2 (authenticatorGetAssertion), 6.5 (authenticatorClientPIN, both protocols), 11.2 (CTAPHID) and
 * 12.5 (hmac-secret). Linked into a test, or put before libfido2 by LD_PRELOAD.
 *
 * KEYTURN_TEST_AUTHENTICATORS names a directory; each directory in it is a key that is plugged in:
 *
 *   master    32 random bytes, made if it is not there: without it the key is another one
 *   pin       its PIN; without the file it has none
 *   tries     how many wrong PINs it still takes
 *   wrong     wrong PINs since it was plugged in: at three it takes none any more
 *   behaviour words: protocol2, untouched, silent, removed, refused, plain (no hmac-secret), u2f
 *   product   its name
 *   log       a line for each touch: "make" or "assert"
 */

#include <dirent.h>
#include <dlfcn.h>
#include <fido.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/programs/authenticator.h"

#define PACKET 64
#define SILENCE 1500

enum {
	HID_INIT = 0x86,
	HID_CBOR = 0x90,
	HID_CANCEL = 0x91,
	HID_KEEPALIVE = 0xbb,
	HID_ERROR = 0xbf,
};

/*
 * CTAPHID: packets of 64 bytes.
 */

static void send_message(struct key *key, const unsigned char channel[static 4], unsigned command,
                         const unsigned char *bytes, size_t length)
{
	unsigned char packet[PACKET] = { 0 };
	size_t taken = length < PACKET - 7 ? length : PACKET - 7;

	memcpy(packet, channel, 4);
	packet[4] = (unsigned char)command;
	packet[5] = (unsigned char)(length >> 8);
	packet[6] = (unsigned char)length;
	memcpy(packet + 7, bytes, taken);
	buffer_put(&key->packets, packet, PACKET);
	for (unsigned char next = 0; taken < length; next++) {
		size_t more = length - taken < PACKET - 5 ? length - taken : PACKET - 5;

		memset(packet + 4, 0, PACKET - 4);
		packet[4] = next;
		memcpy(packet + 5, bytes + taken, more);
		buffer_put(&key->packets, packet, PACKET);
		taken += more;
	}
}

static void send_cbor(struct key *key, const unsigned char channel[static 4])
{
	static const unsigned char wants_touch = 2;
	struct buffer answer = { .length = 1 };
	int status = key_answer(key, key->message.bytes + 7, key->expected, &answer);

	if (key->is_silent || key->is_removed)
		return;
	send_message(key, channel, HID_KEEPALIVE, &wants_touch, 1);
	answer.bytes[0] = (unsigned char)status;
	send_message(key, channel, HID_CBOR, answer.bytes, status == 0 ? answer.length : 1);
}

static void send_init(struct key *key, const unsigned char channel[static 4])
{
	/* The nonce, a channel, the protocol's version, ours, and what it can: CBOR, no U2F. */
	unsigned char reply[17] = { [8] = 1, 2, 3, 4, 2, 1, 0, 0, 0x0c };

	memcpy(reply, key->message.bytes + 7, 8);
	if (key_behaves(key, "u2f"))
		reply[16] = 0;
	send_message(key, channel, HID_INIT, reply, sizeof(reply));
}

static void obey(struct key *key)
{
	const unsigned char *head = key->message.bytes;
	static const unsigned char invalid = 1;

	if (head[4] == HID_INIT)
		send_init(key, head);
	else if (head[4] == HID_CBOR)
		send_cbor(key, head);
	else if (head[4] != HID_CANCEL)
		send_message(key, head, HID_ERROR, &invalid, 1);
}

/* libfido2's I/O: a packet behind the number of a report. */
static int write_packet(void *handle, const unsigned char *bytes, size_t length)
{
	struct key *key = handle;

	if (length != PACKET + 1)
		return -1;
	if (bytes[5] & 0x80) {
		key->message.length = 0;
		key->expected = (size_t)bytes[6] << 8 | bytes[7];
		buffer_put(&key->message, bytes + 1, PACKET);
	} else {
		buffer_put(&key->message, bytes + 6, PACKET - 5);
	}
	if (key->message.length >= key->expected + 7)
		obey(key);
	return (int)length;
}

static int read_packet(void *handle, unsigned char *bytes, size_t length, int milliseconds)
{
	struct key *key = handle;

	if (key->is_removed || length != PACKET)
		return -1;
	if (key->packets.length - key->sent < PACKET) {
		poll(NULL, 0, milliseconds);
		return -1;
	}
	memcpy(bytes, key->packets.bytes + key->sent, PACKET);
	key->sent += PACKET;
	if (key->sent == key->packets.length)
		key->sent = key->packets.length = 0;
	return PACKET;
}

static void *open_key(const char *path)
{
	struct key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	snprintf(key->directory, sizeof(key->directory), "%s", path);
	if (key_read_file(key, "master", key->master, HASH) != HASH) {
		RAND_bytes(key->master, HASH);
		key_write_file(key, "master", "w", key->master, HASH);
	}
	RAND_bytes(key->token, HASH);
	key->agreement = EVP_EC_gen("P-256");
	return key;
}

static void close_key(void *handle)
{
	struct key *key = handle;

	EVP_PKEY_free(key->agreement);
	free(key);
}

static const fido_dev_io_t io = { open_key, close_key, read_packet, write_packet };
/* The one that is to be opened next: libfido2 lets none of its own be given other I/O. */
static char chosen[400];

/*
 * In place of libfido2's, which look for USB.
 */

__attribute__((visibility("default")))
fido_dev_t *fido_dev_new_with_info(const fido_dev_info_t *info)
{
	fido_dev_t *device = fido_dev_new();

	snprintf(chosen, sizeof(chosen), "%s", fido_dev_info_path(info));
	if (device && fido_dev_set_io_functions(device, &io) != FIDO_OK)
		fido_dev_free(&device);
	return device;
}

__attribute__((visibility("default")))
int fido_dev_open_with_info(fido_dev_t *device)
{
	return fido_dev_open(device, chosen);
}

__attribute__((visibility("default")))
int fido_dev_info_manifest(fido_dev_info_t *devices, size_t size, size_t *count)
{
	const char *directory = getenv("KEYTURN_TEST_AUTHENTICATORS");
	struct dirent **entries = NULL;
	int found = directory ? scandir(directory, &entries, NULL, alphasort) : 0;

	*count = 0;
	for (int i = 0; i < found; i++) {
		struct key key = { .directory = "" };
		char product[128] = "Test key\n";
		char gone[8];

		snprintf(key.directory, sizeof(key.directory), "%s/%s", directory,
		         entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && *count < size &&
		    key_read_file(&key, "gone", gone, sizeof(gone)) == 0 &&
		    !key_behaves(&key, "away")) {
			key_read_file(&key, "product", product, sizeof(product) - 1);
			product[strcspn(product, "\n")] = '\0';
			fido_dev_info_set(devices, (*count)++, key.directory, "keyturn", product,
			                  &io, NULL);
		}
		free(entries[i]);
	}
	free(entries);
	return FIDO_OK;
}

/* A key that says nothing is waited for as long as a test has time. */
__attribute__((visibility("default")))
int fido_dev_set_timeout(fido_dev_t *device, int milliseconds)
{
	int (*real)(fido_dev_t *, int);
	void *symbol = dlsym(RTLD_NEXT, "fido_dev_set_timeout");

	memcpy(&real, &symbol, sizeof(real));
	return real(device, milliseconds > SILENCE ? SILENCE : milliseconds);
}
