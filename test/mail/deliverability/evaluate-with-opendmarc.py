"""Evaluates DMARC with OpenDMARC's library, by the name server given on standard input and no other:
{"server": "127.0.0.1:port", "suffixes": path, "mails": [{"domain", "returnPath", "signers"}]}, where SPF passes
for the return path and a signature of each signer is valid. Prints {domain: {"policy", "passes"}}."""
import ctypes
import json
import socket
import struct
import sys

PARSED_WELL = 0
# DMARC_POLICY_PASS of dmarc.h.
PASS = 15
OUTCOME_PASS = 1
MAIL_FROM = 1
IPV4 = 4
POLICIES = {"n": "none", "q": "quarantine", "r": "reject"}
PUBLIC_SUFFIX_LIST = 1


class Library(ctypes.Structure):
    """OPENDMARC_LIB_T of dmarc.h, version 1.4."""

    _fields_ = [
        ("tld_type", ctypes.c_int),
        ("tld_source_file", ctypes.c_char * 4096),
        ("nscount", ctypes.c_int),
        ("nsaddr_list", ctypes.c_byte * 16 * 3),
    ]


given = json.load(sys.stdin)
host, port = given["server"].split(":")
library = ctypes.CDLL("libopendmarc.so.2")
library.opendmarc_policy_connect_init.restype = ctypes.c_void_p
start = Library(PUBLIC_SUFFIX_LIST, given["suffixes"].encode(), 1)
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", int(port)) + socket.inet_aton(host) + bytes(8)
ctypes.memmove(start.nsaddr_list, address, len(address))
if library.opendmarc_policy_library_init(ctypes.byref(start)) != PARSED_WELL:
    sys.exit("OpenDMARC does not start")


def evaluate(mail):
    domain = mail["domain"].encode()
    context = ctypes.c_void_p(library.opendmarc_policy_connect_init(b"192.0.2.25", IPV4))
    try:
        library.opendmarc_policy_store_from_domain(context, domain)
        library.opendmarc_policy_store_spf(context, mail["returnPath"].encode(), OUTCOME_PASS, MAIL_FROM, b"")
        for signer in mail["signers"]:
            library.opendmarc_policy_store_dkim(context, signer.encode(), b"s1", OUTCOME_PASS, b"")
        status = library.opendmarc_policy_query_dmarc(context, domain)
        if status != PARSED_WELL:
            return {"policy": None, "passes": False}
        policy = ctypes.c_int(0)
        library.opendmarc_policy_fetch_p(context, ctypes.byref(policy))
        passes = library.opendmarc_get_policy_to_enforce(context) == PASS
        return {"policy": POLICIES.get(chr(policy.value)), "passes": passes}
    finally:
        library.opendmarc_policy_connect_shutdown(context)


print(json.dumps({mail["domain"]: evaluate(mail) for mail in given["mails"]}))
