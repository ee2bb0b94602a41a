/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Password agent: whoever asks for a password on this terminal where polkit wants one
 *
 * polkit asks through an agent of the caller's session. A desktop has one, a login over ssh or on a console
 * has none, and would be refused without being asked. So polkit's own program for terminals is run beside
 * us, for our process alone, and as a fallback: where the session has an agent, that one asks. It is not run
 * where nobody is there to type, and where it is not installed things are as they were.
 */
#pragma once

/* Returns when it is ready to ask, or will not be; further calls do nothing. The caller is not root. */
void password_agent_open(void);
/* Ends it, so that it does not outlive us. */
void password_agent_close(void);
