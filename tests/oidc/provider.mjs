// The OpenID provider of another project (oidc-provider, certified), with the little around it that tests need: users who always
// agree, or do as POST /control says, and a calendar that its access tokens open.
//
//   node provider.mjs PORT '{"clients": [{"client_id": …, "client_secret": …, "redirect_uris": […]}]}'
import http from 'node:http';
import Provider from 'oidc-provider';

const [port, settings] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const issuer = `http://127.0.0.1:${port}`;
const CALENDAR = 'https://www.googleapis.com/auth/calendar.events.readonly';

// What users and the calendar do, until somebody says otherwise.
const manner = { account: 'ana', deny: false, withhold: [], life: 3600, refuse: 0 };
// What happened.
const seen = { reads: 0, refused: 0, codes: 0, refreshes: 0, failures: [], secrets: [] };

const provider = new Provider(issuer, {
  clients: settings.clients.map((client) => ({
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...client,
  })),
  scopes: ['openid', 'email', 'offline_access', CALENDAR],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  extraParams: ['access_type'],
  issueRefreshToken: async () => true,
  rotateRefreshToken: () => true,
  expiresWithSession: async () => false,
  ttl: { AccessToken: () => manner.life, AuthorizationCode: 60, Session: 3600, Grant: 3600, Interaction: 600, RefreshToken: 3600, IdToken: 3600 },
  cookies: { keys: ['for tests alone'] },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: `${id}@acme.example`, email_verified: true }),
  }),
});

provider.on('grant.success', (ctx) => {
  seen[ctx.oidc.params.grant_type === 'refresh_token' ? 'refreshes' : 'codes'] += 1;
  for (const name of ['access_token', 'refresh_token', 'id_token']) if (ctx.body[name]) seen.secrets.push(ctx.body[name]);
  if (ctx.oidc.params.code) seen.secrets.push(ctx.oidc.params.code);
});
provider.on('grant.error', (ctx, error) => seen.failures.push(error.error));

provider.use(async (ctx, next) => {
  if (ctx.path === '/control') {
    if (ctx.method === 'POST') {
      const parts = [];
      for await (const part of ctx.req) parts.push(part);
      Object.assign(manner, JSON.parse(Buffer.concat(parts).toString()));
    }
    ctx.body = seen;
    return;
  }
  if (ctx.path.startsWith('/calendar/v3/')) {
    const shown = (ctx.get('authorization').match(/^Bearer (.+)$/) ?? [])[1];
    const token = shown && (await provider.AccessToken.find(shown));
    if (!token || !token.isValid || !token.scope.includes(CALENDAR) || manner.refuse > 0) {
      manner.refuse = Math.max(0, manner.refuse - 1);
      seen.refused += 1;
      ctx.status = 401;
      ctx.body = { error: { code: 401, message: 'Invalid Credentials', errors: [{ reason: 'authError' }] } };
      return;
    }
    seen.reads += 1;
    ctx.body = { kind: 'calendar#events', summary: 'primary', timeZone: 'UTC', updated: '2026-01-01T00:00:00.000Z', items: [], nextSyncToken: `s${seen.reads}` };
    return;
  }
  if (ctx.path.startsWith('/interaction/')) {
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    await provider.interactionFinished(ctx.req, ctx.res, await decided(details), { mergeWithLastSubmission: true });
    ctx.respond = false;
    return;
  }
  await next();
});

async function decided({ prompt, params, session }) {
  if (manner.deny) return { error: 'access_denied', error_description: 'the user said no' };
  if (prompt.name === 'login') return { login: { accountId: manner.account } };
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const asked = params.scope.split(' ');
  grant.addOIDCScope(asked.filter((scope) => !manner.withhold.includes(scope)).join(' '));
  const withheld = asked.filter((scope) => manner.withhold.includes(scope));
  if (withheld.length) grant.rejectOIDCScope(withheld.join(' '));
  return { consent: { grantId: await grant.save() } };
}

http.createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('ready'));
