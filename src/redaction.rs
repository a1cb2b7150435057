//! Stand-ins for what must not leave the company.
