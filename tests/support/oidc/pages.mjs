// The pages that people see. They need no JavaScript.

export const loginPage = (action, accounts) => `<!doctype html>
<title>Sign in</title>
<form method="post" action="${action}">
${accounts.map(({ name }) => `<button name="account" value="${name}">${name}</button>`).join('\n')}
<button name="account" value="nobody">Give up</button>
</form>`;

/** The form comes from oidc-provider; its button is missing. */
export function logoutPage(ctx, form) {
  ctx.body = `<!doctype html>
<title>Sign out</title>
${form}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`;
}
