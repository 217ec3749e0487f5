"""What an integrator imports to call the gateway."""

from .client import AFlowClient, AFlowError

__all__ = ["AFlowClient", "AFlowError"]
