from typing import Annotated, Literal

from pydantic import Field, model_validator

from portfolio.models.two_factor import Method
from portfolio.schemas.auth import Password
from portfolio.schemas.base import Input, Output, examples

ChallengeToken = Annotated[
    str, Field(min_length=1, max_length=100, description="From the answer to the login")
]
TotpCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{3} ?[0-9]{3}$",
        max_length=7,
        description="As the authenticator app shows it",
    ),
]
Code = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z -]{6,40}$",
        max_length=40,
        description="Six digits, or a recovery code; spaces, hyphens and case do not matter",
    ),
]
RecoveryCodes = Annotated[list[str], Field(min_length=10, max_length=10)]
_TOKEN = "l0qBzJh6Yp6kV3m8nR5tXw2cD4fG7aS9eU1iO0pQrTs"  # noqa: S105 - an example


class ChallengeUse(Input):
    model_config = examples({"challenge_token": _TOKEN})

    challenge_token: ChallengeToken


class SecondStep(ChallengeUse):
    model_config = examples(
        {"challenge_token": _TOKEN, "method": "totp", "code": "492039"},
        {"challenge_token": _TOKEN, "method": "recovery_code", "code": "k3v9-2m7q-0xfa-hh81"},
    )

    method: Method
    code: Code


class TotpConfirmation(Input):
    model_config = examples({"code": "492039"})

    code: TotpCode


class Proof(Input):
    """Either the password, or a second factor."""

    model_config = examples(
        {"password": "correct horse battery"}, {"method": "totp", "code": "492039"}
    )

    password: Password | None = None
    method: Literal[Method.TOTP, Method.RECOVERY_CODE] | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Proof":
        given = self.password is not None, self.method is not None, self.code is not None
        if given not in {(True, False, False), (False, True, True)}:
            raise ValueError("send either `password`, or `method` and `code`")
        return self


class TwoFactorRead(Output):
    model_config = examples(
        {
            "enabled": True,
            "methods": ["totp", "recovery_code"],
            "totp": True,
            "email": False,
            "email_available": True,
            "recovery_codes_left": 9,
        }
    )

    enabled: bool = Field(description="Whether a login asks for a second factor")
    methods: list[Method] = Field(description="Those that a login offers")
    totp: bool
    email: bool
    email_available: bool = Field(description="Whether codes by mail could be used here")
    recovery_codes_left: int = Field(ge=0, le=10)


class TotpEnrolment(Output):
    model_config = examples(
        {
            "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "otpauth_uri": "otpauth://totp/Example:ada%40example.com"
            "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example",
            "qr_svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 45 45">…</svg>',
        }
    )

    secret: str = Field(description="In base32, to be typed where the QR code cannot be scanned")
    otpauth_uri: str
    qr_svg: str = Field(description="The URI as a QR code: an SVG element without width and height")


class RecoveryCodesRead(Output):
    """Shown this once."""

    recovery_codes: RecoveryCodes


class EmailFactorRead(Output):
    recovery_codes: RecoveryCodes | None = Field(
        description="Shown this once; null where the account has some already"
    )
