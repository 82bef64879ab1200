// The OpenID provider of another project (oidc-provider, certified), with the little around it that tests need: users who always
// agree, or do as POST /control says, and calendars that its access tokens open.
//
//   node provider.mjs PORT '{"clients": [{"client_id": …, "client_secret": …, "redirect_uris": […]}], "directories": {ID: [clients]}}'
//
// At the root it stands for Google. Below /ID/v2.0 of each directory there is one more, with an issuer of its own, that stands for
// Microsoft: accounts are named by `tid` and `oid`, the account chooser is a prompt, and administrators consent at /ID/v2.0/adminconsent.
import http from 'node:http';
import Provider, { interactionPolicy } from 'oidc-provider';

const [port, settings] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const base = `http://127.0.0.1:${port}`;
const CALENDAR = 'https://www.googleapis.com/auth/calendar.events.readonly';

// What users, administrators and calendars do, until somebody says otherwise.
const manner = { account: 'ana', deny: false, withhold: [], life: 3600, refuse: 0, admin: false };
// What happened.
const seen = { reads: 0, refused: 0, codes: 0, refreshes: 0, failures: [], secrets: [], accounts: [] };

function made(issuer, clients, { scopes, opens, claims, account, prefix }) {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  const provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...client,
    })),
    scopes,
    claims,
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    extraParams: ['access_type'],
    issueRefreshToken: async () => true,
    rotateRefreshToken: () => true,
    expiresWithSession: async () => false,
    ttl: { AccessToken: () => manner.life, AuthorizationCode: 60, Session: 3600, Grant: 3600, Interaction: 600, RefreshToken: 3600, IdToken: 3600 },
    cookies: { keys: ['for tests alone'] },
    interactions: { policy, url: (_ctx, interaction) => `${prefix}/interaction/${interaction.uid}` },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...account(id) }) }),
  });
  provider.on('grant.success', (ctx) => {
    seen[ctx.oidc.params.grant_type === 'refresh_token' ? 'refreshes' : 'codes'] += 1;
    for (const name of ['access_token', 'refresh_token', 'id_token']) if (ctx.body[name]) seen.secrets.push(ctx.body[name]);
    if (ctx.oidc.params.code) seen.secrets.push(ctx.oidc.params.code);
  });
  provider.on('grant.error', (ctx, error) => seen.failures.push(error.error));
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    await provider.interactionFinished(ctx.req, ctx.res, await decided(provider, details, prefix), { mergeWithLastSubmission: true });
    ctx.respond = false;
  });
  return { provider, opens };
}

async function decided(provider, { prompt, params, session }, prefix) {
  if (manner.deny) return { error: 'access_denied', error_description: 'the user said no' };
  if (prefix && manner.admin) {
    return { error: 'consent_required', error_description: 'AADSTS90094: The grant requires admin permission.' };
  }
  if (prompt.name === 'select_account') return { select_account: {}, login: { accountId: manner.account } };
  if (prompt.name === 'login') return { login: { accountId: manner.account } };
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const asked = params.scope.split(' ');
  grant.addOIDCScope(asked.filter((scope) => !manner.withhold.includes(scope)).join(' '));
  const withheld = asked.filter((scope) => manner.withhold.includes(scope));
  if (withheld.length) grant.rejectOIDCScope(withheld.join(' '));
  return { consent: { grantId: await grant.save() } };
}

const google = made(base, settings.clients, {
  scopes: ['openid', 'email', 'offline_access', CALENDAR],
  opens: CALENDAR,
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  account: (id) => ({ email: `${id}@acme.example`, email_verified: true }),
  prefix: '',
});
const directories = Object.entries(settings.directories ?? {}).map(([id, clients]) => {
  const prefix = `/${id}/v2.0`;
  return [prefix, made(`${base}${prefix}`, clients, {
    scopes: ['openid', 'offline_access', 'User.Read', 'Calendars.Read'],
    opens: 'Calendars.Read',
    claims: { openid: ['sub', 'tid', 'oid'] },
    account: (name) => ({ tid: id, oid: `oid-${name}` }),
    prefix,
  })];
});

// The account that an access token opens the calendar of; none where it does not.
async function opened(req, all) {
  const shown = ((req.headers.authorization ?? '').match(/^Bearer (.+)$/) ?? [])[1];
  for (const { provider, opens } of shown ? all : []) {
    const token = await provider.AccessToken.find(shown);
    if (token && token.isValid && token.scope.includes(opens)) return token.accountId;
  }
  return undefined;
}

function answer(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

async function calendar(req, res, path) {
  const isGraph = path.startsWith('/graph/');
  const account = await opened(req, isGraph ? directories.map(([, made]) => made) : [google]);
  if (!account || manner.refuse > 0) {
    manner.refuse = Math.max(0, manner.refuse - 1);
    seen.refused += 1;
    const google = { code: 401, message: 'Invalid Credentials', errors: [{ reason: 'authError' }] };
    return answer(res, 401, { error: isGraph ? { code: 'InvalidAuthenticationToken', message: 'Access token is empty.' } : google });
  }
  if (path === '/graph/v1.0/me') return answer(res, 200, { mail: `${account}@acme.example`, userPrincipalName: `${account}@acme.example` });
  seen.reads += 1;
  seen.accounts.push(account);
  if (isGraph) return answer(res, 200, { value: [], '@odata.deltaLink': `${base}/graph/v1.0/me/calendarView/delta?$deltatoken=d${seen.reads}` });
  return answer(res, 200, { kind: 'calendar#events', summary: 'primary', timeZone: 'UTC', updated: '2026-01-01T00:00:00.000Z', items: [], nextSyncToken: `s${seen.reads}` });
}

http.createServer(async (req, res) => {
  const url = new URL(req.url, base);
  if (url.pathname === '/control') {
    const parts = [];
    for await (const part of req) parts.push(part);
    if (req.method === 'POST') Object.assign(manner, JSON.parse(Buffer.concat(parts).toString()));
    return answer(res, 200, seen);
  }
  if (url.pathname.startsWith('/calendar/v3/') || url.pathname.startsWith('/graph/v1.0/')) return calendar(req, res, url.pathname);
  for (const [prefix, { provider }] of directories) {
    if (url.pathname === `${prefix}/adminconsent`) {
      // The administrator says yes: from now on users may.
      manner.admin = false;
      res.writeHead(302, { location: `${url.searchParams.get('redirect_uri')}?admin_consent=True&tenant=${prefix.split('/')[1]}&scope=x` });
      return res.end();
    }
    if (url.pathname.startsWith(`${prefix}/`)) {
      req.originalUrl = req.url;
      req.url = req.url.slice(prefix.length);
      return provider.callback()(req, res);
    }
  }
  return google.provider.callback()(req, res);
}).listen(port, '127.0.0.1', () => console.log('ready'));
