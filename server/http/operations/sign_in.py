"""Operations for passkeys, transfer codes and recovery codes."""

from relay.errors import RefusalCode as Code
from server.http.arrival import SignedIn
from server.http.codes import Recover, RecoveryAnswer, TransferAnswer, UseTransfer
from server.http.operations.operation import JSON, Operation
from server.http.operations.refusals import JSON_BODY, NAME, PERSON, STORED_PERSON, Refusals, merged
from server.http.sign_in import NewPasskeyAnswer, NewPasskeyBody, PasskeyList, SignInBody

PASSKEYS: Refusals = {409: (Code.NO_PASSKEYS_HERE,)}
CREDENTIAL = merged(
    PASSKEYS,
    {403: (Code.WRONG_CREDENTIAL, Code.WRONG_CHALLENGE), 422: (Code.BAD_CREDENTIAL,)},
)
"""Refusals of requests that contain the browser's result for a passkey."""
TYPED: Refusals = {403: (Code.WRONG_CODE,), 422: (Code.BAD_CODE,)}
"""Refusals of requests that contain a code that a person has typed."""

OPERATIONS = (
    Operation(
        "POST",
        "/api/me/passkeys/options",
        "Options for a new passkey (WebAuthn Level 3 §5.4)",
        {200: (JSON,)},
        merged(STORED_PERSON, PASSKEYS, {409: (Code.TOO_MANY_PASSKEYS,)}),
    ),
    Operation(
        "POST",
        "/api/me/passkeys",
        "Register a new passkey",
        {201: (NewPasskeyAnswer,)},
        merged(
            STORED_PERSON,
            JSON_BODY,
            CREDENTIAL,
            {409: (Code.TOO_MANY_PASSKEYS, Code.PASSKEY_EXISTS)},
        ),
        body=NewPasskeyBody,
    ),
    Operation(
        "GET",
        "/api/me/passkeys",
        "The passkeys of the person",
        {200: (PasskeyList,)},
        STORED_PERSON,
    ),
    Operation(
        "DELETE",
        "/api/me/passkeys/{id}",
        "Remove a passkey",
        {204: ()},
        merged(STORED_PERSON, {404: (Code.PASSKEY_NOT_FOUND,)}),
    ),
    Operation(
        "POST",
        "/api/sign-in/options",
        "Options for the sign-in with a passkey (WebAuthn Level 3 §5.5)",
        {200: (JSON,)},
        merged(PERSON, PASSKEYS),
    ),
    Operation(
        "POST",
        "/api/sign-in",
        "Sign in with a passkey",
        {200: (SignedIn,)},
        merged(PERSON, JSON_BODY, CREDENTIAL),
        body=SignInBody,
    ),
    Operation(
        "POST",
        "/api/me/transfers",
        "Make a code that signs another device in as the person",
        {201: (TransferAnswer,)},
        STORED_PERSON,
    ),
    Operation(
        "POST",
        "/api/transfers",
        "Sign in with a transfer code",
        {200: (SignedIn,)},
        merged(PERSON, JSON_BODY, TYPED),
        body=UseTransfer,
    ),
    Operation(
        "POST",
        "/api/me/recovery",
        "A new recovery code",
        {201: (RecoveryAnswer,)},
        merged(STORED_PERSON, {409: (Code.NO_HANDLE,)}),
    ),
    Operation(
        "POST",
        "/api/recover",
        "Use the recovery code of a handle",
        {200: (SignedIn,)},
        merged(PERSON, JSON_BODY, NAME, TYPED),
        body=Recover,
    ),
)
