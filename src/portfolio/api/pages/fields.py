"""What a form asks of somebody who makes an account."""

from portfolio.api.pages.forms import Field

EMAIL = Field("email", "E-mail", "email", 'required autofocus maxlength="254" autocomplete="email"')
USERNAME = Field(
    "username",
    "User name",
    "text",
    'required minlength="2" maxlength="40" autocomplete="username" autocapitalize="none" '
    'spellcheck="false"',
    "Letters a to z, digits and . _ - between them; everyone sees it.",
)
DISPLAY_NAME = Field(
    "display_name",
    'Your name <span class="hint">(optional)</span>',
    "text",
    'maxlength="300" autocomplete="name"',
)
PASSWORD = Field(
    "password",
    "Password",
    "password",
    'required minlength="8" maxlength="256" autocomplete="new-password"',
    "8 characters at least; 15 or more are better. Anything goes, spaces too.",
)
