"""The audit trail: written with what it tells of, and chained shortly after."""

from portfolio.services.audit.chain import AuditSealer, AuditVerifier, Verdict
from portfolio.services.audit.proofs import AuditProofs
from portfolio.services.audit.service import AuditRecorded, AuditService, log_recorded

__all__ = [
    "AuditProofs",
    "AuditRecorded",
    "AuditSealer",
    "AuditService",
    "AuditVerifier",
    "Verdict",
    "log_recorded",
]
