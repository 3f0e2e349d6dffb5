import asyncio
import importlib
from email.headerregistry import Address
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from portfolio.adapters.mailer.message import MailRefusedError, Message, parse
from portfolio.core.errors import UnavailableException

_SEND = "azure.communication.email.aio"
_ERRORS = "azure.core.exceptions"
_GIVEN_UP = {"Failed", "Canceled"}
_MALFORMED = {400, 413, 422}
_SECONDS_TO_SEND = 10
_SECONDS_TO_WATCH = 15


class AzureMailer:
    """Azure Communication Services. `options` go to its client, such as connection_verify."""

    place = "Azure Communication Services"

    def __init__(self, connection_string: str, sender: Address, **options: Any) -> None:
        self._connection_string = connection_string
        self._sender = sender
        self._options = {
            "connection_timeout": _SECONDS_TO_SEND,
            "read_timeout": _SECONDS_TO_SEND,
            "retry_total": 0,  # the outbox tries again
            "polling_interval": 1,
            **options,
        }

    async def send(self, message: Message) -> None:
        library, errors = await asyncio.to_thread(
            lambda: (importlib.import_module(_SEND), importlib.import_module(_ERRORS))
        )
        async with library.EmailClient.from_connection_string(
            self._connection_string, **self._options
        ) as client:
            try:
                operation = await self._begin(client, message)
            except errors.ResourceExistsError:
                return  # An attempt before this one got through, though we did not hear of it.
            except errors.HttpResponseError as error:
                kind = MailRefusedError if error.status_code in _MALFORMED else UnavailableException
                raise kind(f"Azure: {_said(error)}") from error
            except (errors.AzureError, OSError, TimeoutError) as error:
                raise UnavailableException(f"Azure: {_said(error)}") from error
            try:
                async with asyncio.timeout(_SECONDS_TO_WATCH):
                    await operation.result()
            except (errors.AzureError, OSError, TimeoutError) as error:
                # It was taken, and is Azure's to deliver unless Azure itself says otherwise.
                if operation.status() in _GIVEN_UP:
                    raise MailRefusedError(f"Azure: {_said(error)}") from error

    async def _begin(self, client: Any, message: Message) -> Any:
        async with asyncio.timeout(_SECONDS_TO_SEND):
            return await client.begin_send(
                self._body(message), operation_id=str(uuid5(NAMESPACE_URL, message.message_id))
            )

    def _body(self, message: Message) -> dict[str, Any]:
        body: dict[str, Any] = {
            "senderAddress": self._sender.addr_spec,
            "recipients": {"to": [{"address": message.recipient.addr_spec}]},
            "content": {"subject": message.subject, "plainText": message.text},
            "headers": {
                "Message-ID": message.message_id,
                "Auto-Submitted": "auto-generated",
                **message.headers,
            },
            "userEngagementTrackingDisabled": True,
        }
        if message.html:
            body["content"]["html"] = message.html
        if message.reply_to:
            body["replyTo"] = [{"address": parse(message.reply_to).addr_spec}]
        return body


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
