//! Routes, each with what it documents, and the one door that every request goes through: who asks, may they, how often, is the
//! request such as the document says, was it done before; then the handler, which sees only what passed.

use super::auth::{Caller, Scope, caller};
use super::problem::{FieldError, Kind, Problem};
use super::shape::{PLACE, of_text};
use super::{Shared, body, idempotency};
use crate::host::context::Context;
use crate::host::model::TenantId;
use axum::body::{Body, Bytes};
use axum::extract::{RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Largest body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a handler may take.
const WORK_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest parameter of a path, in characters.
pub const NAME_CHARS_MAX: usize = 256;
/// Most parameters of a query.
const PARAMETERS_MAX: usize = 32;

/// What is said of a route beside its types.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// Names the operation.
    pub id: &'static str,
    /// What it is about.
    pub tag: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What the key must allow.
    pub scope: Scope,
    /// What it can be refused for beyond what every route can.
    pub refusals: &'static [Kind],
}

/// A request that passed the door.
pub struct Call<Q = NoQuery, B = ()> {
    /// The interface.
    pub shared: Shared,
    /// The host, acting for the caller.
    pub host: Context,
    /// Who asks.
    pub caller: Caller,
    /// The parameters of the path, decoded.
    pub path: Vec<(String, String)>,
    /// The query.
    pub query: Q,
    /// The body.
    pub body: B,
    /// The headers.
    pub headers: HeaderMap,
}

impl<Q, B> Call<Q, B> {
    /// Whose rows.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// A parameter of the path.
    #[must_use]
    pub fn name(&self, parameter: &str) -> &str {
        self.path.iter().find(|(name, _)| name == parameter).map_or("", |(_, value)| value)
    }

    /// A parameter of the path that is a number as we write them.
    ///
    /// # Errors
    /// [`Kind::Absent`]: nothing has such a name.
    pub fn number(&self, parameter: &str) -> Result<u64, Problem> {
        let text = self.name(parameter);
        text.parse().ok().filter(|number: &u64| number.to_string() == text).ok_or_else(Problem::absent)
    }

    /// The version that `If-Match` names, as [`Versioned`] tells it; `None`: any. A tag that we never gave is that of a version that
    /// never was.
    #[must_use]
    pub fn if_match(&self) -> Option<u64> {
        let mut sent = self.headers.get_all(header::IF_MATCH).iter();
        let text = sent.next()?.to_str().unwrap_or_default();
        if sent.next().is_none() && text == "*" {
            return None;
        }
        let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
        Some(version.unwrap_or(u64::MAX))
    }
}

/// No parameters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// What bodies a route takes.
pub trait Content: Sized + Send + 'static {
    /// The content types; none: there must be no body.
    const KINDS: &'static [&'static str];

    /// Reads a body of one of the kinds.
    ///
    /// # Errors
    /// A problem that names what is wrong.
    fn read(shared: &Shared, kind: &str, bytes: &[u8]) -> Result<Self, Problem>;

    /// The schema of each kind.
    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

impl Content for () {
    const KINDS: &'static [&'static str] = &[];

    fn read(_: &Shared, _: &str, bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() { Ok(()) } else { Err(Problem::field("", "must be empty")) }
    }
}

/// A JSON body of the shape that the document says.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: ToSchema + DeserializeOwned + Send + 'static> Content for Json<T> {
    const KINDS: &'static [&'static str] = &["application/json"];

    fn read(shared: &Shared, _: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let value = body::parse(bytes)?;
        shaped(shared, &T::name(), value).map(Self)
    }

    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("application/json", schemas.of::<T>())]
    }
}

/// A value held to a named schema, then read.
fn shaped<T: DeserializeOwned>(shared: &Shared, name: &str, value: Value) -> Result<T, Problem> {
    let errors = shared.shapes.errors(&json!({ "$ref": format!("{PLACE}{name}") }), &value);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    // The schema is made from the type: what passes it can be read.
    serde_json::from_value(value).map_err(|error| Problem::field("", format!("cannot be read: {error}")))
}

/// An answer on its way out.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The content type; empty where there is no body.
    pub kind: &'static str,
    /// The body.
    pub body: String,
    /// The body that a repeated request gets, where it is not the same: secrets are shown once.
    pub kept: Option<String>,
    /// Names the version of what is answered.
    pub version: Option<u64>,
}

/// What a handler answers with.
pub trait Answer: Send + 'static {
    /// The status.
    const STATUS: u16;

    /// The schema of each content type.
    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)>;

    /// The answer.
    fn answered(self) -> Answered;
}

fn written<T: Serialize>(status: u16, value: &T) -> Answered {
    // Our own types have no maps with other keys than text.
    let body = serde_json::to_string(value).unwrap_or_default();
    Answered { status, kind: "application/json", body, kept: None, version: None }
}

/// What was asked for.
#[derive(Debug)]
pub struct Shown<T>(pub T);

impl<T: ToSchema + Serialize + Send + 'static> Answer for Shown<T> {
    const STATUS: u16 = 200;

    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("application/json", schemas.of::<T>())]
    }

    fn answered(self) -> Answered {
        written(Self::STATUS, &self.0)
    }
}

/// What was asked for, with its version in `ETag`.
#[derive(Debug)]
pub struct Versioned<T>(pub T, pub u64);

impl<T: ToSchema + Serialize + Send + 'static> Answer for Versioned<T> {
    const STATUS: u16 = 200;

    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("application/json", schemas.of::<T>())]
    }

    fn answered(self) -> Answered {
        Answered { version: Some(self.1), ..written(Self::STATUS, &self.0) }
    }
}

/// What was made.
#[derive(Debug)]
pub struct Made<T>(pub T);

impl<T: ToSchema + Serialize + Send + 'static> Answer for Made<T> {
    const STATUS: u16 = 201;

    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("application/json", schemas.of::<T>())]
    }

    fn answered(self) -> Answered {
        written(Self::STATUS, &self.0)
    }
}

/// What was made, with a secret that is shown once: the second is what a repeated request gets.
#[derive(Debug)]
pub struct Told<T>(pub T, pub T);

impl<T: ToSchema + Serialize + Send + 'static> Answer for Told<T> {
    const STATUS: u16 = 201;

    fn schemas(schemas: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("application/json", schemas.of::<T>())]
    }

    fn answered(self) -> Answered {
        Answered { kept: Some(written(Self::STATUS, &self.1).body), ..written(Self::STATUS, &self.0) }
    }
}

/// It is gone.
#[derive(Debug)]
pub struct Gone;

impl Answer for Gone {
    const STATUS: u16 = 204;

    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn answered(self) -> Answered {
        Answered { status: Self::STATUS, kind: "", body: String::new(), kept: None, version: None }
    }
}

/// The named schemas of all routes.
#[derive(Default)]
pub struct Schemas(Vec<(String, RefOr<Schema>)>);

impl Schemas {
    /// A reference to the schema of a type.
    pub fn of<T: ToSchema + PartialSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        self.0.push((name.clone(), T::schema()));
        T::schemas(&mut self.0);
        json!({ "$ref": format!("{PLACE}{name}") })
    }

    /// All of them, by name.
    #[must_use]
    pub fn written(&self) -> Map<String, Value> {
        let mut all: Vec<(String, Value)> =
            self.0.iter().filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?))).collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        Map::from_iter(all)
    }
}

type Entry = Arc<dyn Fn(Shared, Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// A route.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What is said of it.
    pub doc: Doc,
    /// The name of the schema of its query.
    pub query: String,
    /// The schemas of its body, by content type.
    pub body: Vec<(&'static str, Value)>,
    /// The status of its answer.
    pub status: u16,
    /// The schemas of its answer, by content type.
    pub answer: Vec<(&'static str, Value)>,
    enter: Entry,
}

impl Route {
    /// Answers a request, and counts it.
    pub async fn enter(&self, shared: Shared, request: Request) -> Response {
        let (metrics, clock) = (Arc::clone(&shared.host.metrics), Arc::clone(&shared.host.clock));
        let begun = clock.monotonic();
        let response = (self.enter)(shared, request).await;
        let took = clock.monotonic() - begun;
        metrics.api((word(&self.method), self.path), response.status().as_u16(), took);
        response
    }
}

/// The method, out of the few that routes have.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "OTHER",
    }
}

/// Routes of one resource, or of all.
#[derive(Default)]
pub struct Routes {
    /// The routes.
    pub list: Vec<Route>,
    /// Their schemas.
    pub schemas: Schemas,
}

impl Routes {
    /// Adds a route.
    #[must_use]
    pub fn on<Q, B, A, F, W>(mut self, method: Method, path: &'static str, doc: Doc, handler: F) -> Self
    where
        Q: ToSchema + DeserializeOwned + Send + 'static,
        B: Content,
        A: Answer,
        F: Fn(Call<Q, B>) -> W + Send + Sync + 'static,
        W: Future<Output = Result<A, Problem>> + Send + 'static,
    {
        self.schemas.of::<Q>();
        let (body, answer) = (B::schemas(&mut self.schemas), A::schemas(&mut self.schemas));
        let handler = Arc::new(handler);
        let enter: Entry = Arc::new(move |shared, request| {
            let handler = Arc::clone(&handler);
            Box::pin(async move { enter(shared, doc, &*handler, request).await })
        });
        let query = Q::name().into_owned();
        self.list.push(Route { method, path, doc, query, body, status: A::STATUS, answer, enter });
        self
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.list.extend(others.list);
        self.schemas.0.extend(others.schemas.0);
        self
    }
}

/// The door: who asks, and how often; then the rest.
async fn enter<Q, B, A, F, W>(shared: Shared, doc: Doc, handler: &F, request: Request) -> Response
where
    Q: ToSchema + DeserializeOwned,
    B: Content,
    A: Answer,
    F: Fn(Call<Q, B>) -> W,
    W: Future<Output = Result<A, Problem>>,
{
    let (parts, body) = request.into_parts();
    let caller = match caller(&shared, &parts.method, &parts.headers).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let (standing, passed) = match shared.limits.take(&caller) {
        Ok(standing) => (standing, caller.may(doc.scope)),
        Err(refused) => {
            let (standing, problem) = *refused;
            standing.refused.into_iter().for_each(|bucket| shared.host.metrics.api_limited(bucket));
            (standing, Err(problem))
        }
    };
    let (tenant, key) = (caller.tenant, caller.key);
    let answered = match passed {
        Ok(()) => past_the_door(shared, caller, handler, parts, body).await,
        Err(problem) => Err(problem),
    };
    let mut response = answered.unwrap_or_else(Problem::into_response);
    standing.tell(response.headers_mut());
    tracing::debug!(tenant = tenant.0, key = key.0, route = doc.id, status = response.status().as_u16(), "answered");
    response
}

/// Reads the request, and does what it asks for, unless that was done before.
async fn past_the_door<Q, B, A, F, W>(
    shared: Shared,
    caller: Caller,
    handler: &F,
    mut parts: Parts,
    body: Body,
) -> Result<Response, Problem>
where
    Q: ToSchema + DeserializeOwned,
    B: Content,
    A: Answer,
    F: Fn(Call<Q, B>) -> W,
    W: Future<Output = Result<A, Problem>>,
{
    let path = path_of(&mut parts).await?;
    let query: Q = query_of(&shared, parts.uri.query().unwrap_or_default())?;
    let kind = content_type::<B>(&parts.headers)?;
    let bytes = bytes_of(&parts.headers, body).await?;
    let body = B::read(&shared, &kind, &bytes)?;
    let name = if parts.method == Method::POST { idempotency::key(&parts.headers)? } else { None };
    let host = shared.host.acting(format!("key/{}", caller.key));
    let mut shared = shared;
    if parts.method == Method::GET {
        shared.cursors = shared.cursor_keys.of(&host, caller.tenant).await;
    }
    let request = match &name {
        None => None,
        Some(name) => {
            let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
            let hash = idempotency::hash(&[parts.method.as_str().as_bytes(), target.as_bytes(), kind.as_bytes(), &bytes]);
            match idempotency::begin(&host, &caller, name, &hash).await? {
                idempotency::Step::Do(row) => Some(row),
                idempotency::Step::Answered(status, body) => return Ok(again(status, body)),
            }
        }
    };
    let call = Call { shared, host: host.clone(), caller, path, query, body, headers: parts.headers };
    let done = tokio::time::timeout(WORK_TIMEOUT, handler(call)).await;
    let done =
        done.unwrap_or_else(|_| Err(Problem::new(Kind::Unavailable, "it took too long; what was begun may still be done")));
    let done = done.map(Answer::answered);
    if let Some(row) = request {
        let kept = done.as_ref().ok().map(|answer| (answer.status, answer.kept.clone().unwrap_or_else(|| answer.body.clone())));
        idempotency::end(&host, row, kept).await?;
    }
    done.map(response)
}

/// The answer to a request that was done before.
fn again(status: u16, body: String) -> Response {
    let kind = if body.is_empty() { "" } else { "application/json" };
    let mut response = response(Answered { status, kind, body, kept: None, version: None });
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

fn response(answer: Answered) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !answer.kind.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    }
    if let Some(tag) = answer.version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The parameters of the path; one that is no text names nothing.
async fn path_of(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    use axum::extract::FromRequestParts;
    let raw = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::absent())?;
    let path: Vec<(String, String)> = raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let long = path.iter().any(|(_, value)| value.chars().count() > NAME_CHARS_MAX);
    if long { Err(Problem::absent()) } else { Ok(path) }
}

/// The query, each parameter once, held to its schema.
fn query_of<Q: ToSchema + DeserializeOwned>(shared: &Shared, text: &str) -> Result<Q, Problem> {
    let schema = json!({ "$ref": format!("{PLACE}{}", Q::name()) });
    let known = shared.shapes.resolved(&schema).get("properties").cloned().unwrap_or_default();
    let mut members = Map::new();
    for (count, (name, value)) in url::form_urlencoded::parse(text.as_bytes()).enumerate() {
        if count == PARAMETERS_MAX {
            return Err(Problem::field("", format!("has more than {PARAMETERS_MAX} parameters")));
        }
        // A byte that is no text was replaced by this.
        if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
            return Err(Problem::field(name, "is no UTF-8"));
        }
        let value = known.get(name.as_ref()).map_or_else(|| Value::from(value.as_ref()), |schema| of_text(schema, &value));
        if members.insert(name.clone().into_owned(), value).is_some() {
            return Err(Problem::field(name, "stands twice"));
        }
    }
    shaped(shared, &Q::name(), Value::Object(members)).map_err(|problem| {
        let named = |error: FieldError| FieldError { field: error.field.trim_start_matches('/').to_owned(), ..error };
        Problem::fields(problem.errors.into_iter().map(named).collect())
    })
}

/// The content type, where it is one of those that are read.
fn content_type<B: Content>(headers: &HeaderMap) -> Result<String, Problem> {
    let mut sent = headers.get_all(header::CONTENT_TYPE).iter();
    let (first, second) = (sent.next(), sent.next());
    if B::KINDS.is_empty() {
        return Ok(String::new());
    }
    let wrong = || Problem::new(Kind::MediaType, format!("send `{}`", B::KINDS.join("` or `")));
    let (Some(value), None) = (first, second) else { return Err(wrong()) };
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(Kind::MediaType, "bodies are read as they are, without a content encoding"));
    }
    let text = value.to_str().map_err(|_| wrong())?.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_owned();
    let known = B::KINDS.contains(&kind.as_str());
    let plain = parts.all(|part| matches!(part, "" | "charset=utf-8" | "charset=\"utf-8\""));
    if known && plain { Ok(kind) } else { Err(wrong()) }
}

async fn bytes_of(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let large = || Problem::new(Kind::Large, format!("at most {BODY_BYTES_MAX} bytes are read"));
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if said.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(large());
    }
    match tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(large()),
        Err(_) => Err(Problem::new(Kind::Slow, "the body did not arrive in time")),
    }
}
