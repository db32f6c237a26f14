-- What tells one e-mail that came in from another.

comment on column inbound_mail.digest is 'SHA-256 of its Message-ID, who wrote it and what they wrote and attached, and of the e-mail that it answers to.';
