"""What an integrator imports to sign a request or to verify one."""

from .credential import Credential
from .sign import ASign, SignatureError

__all__ = ["ASign", "Credential", "SignatureError"]
