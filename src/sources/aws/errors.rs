//! What went wrong with a call, in the few kinds that matter: what a gap says, whether waiting helps,
//! and the one remedy that fits.

use super::actions::Action;
use super::guard::{ANSWER_MIB, NotInTheList};
use crate::case::gaps::{Gap, Reason};
use crate::exchange::Area;
use crate::text::Foreign;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use std::error::Error as StdError;
use std::fmt;

/// The kinds of trouble a call can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// IAM says no.
    Denied,
    Throttled,
    TimedOut,
    /// No answer could be had: names, routes, proxies, certificates.
    Unreachable,
    /// An answer came and could not be understood.
    Garbled,
    /// A 5xx.
    Server,
    /// The thing asked about does not exist (any more).
    NotFound,
    /// The account has not subscribed to the service, or the plan does not include it.
    NotSubscribed,
    /// The bucket or the account is in another region.
    WrongRegion,
    /// The request itself was refused.
    Invalid,
    Credentials(Credentials),
    /// The call is not in the list of actions; it was not sent.
    NotInTheList,
}

/// What is wrong with the credentials; each has one remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    Missing,
    ExpiredSso,
    Expired,
    /// This machine's clock is off by so many seconds (negative: behind), if AWS said what time it is.
    Clock(Option<i64>),
    /// AWS does not know them.
    Unknown,
    /// Could not be loaded, for the reason in the message.
    Unloadable,
}

/// A call that failed.
#[derive(Clone, Debug)]
pub struct CallError {
    pub action: Action,
    pub trouble: Trouble,
    /// AWS's code: `AccessDenied`.
    pub code: String,
    pub message: Foreign,
    /// The profile in use, for remedies that name it.
    pub profile: Option<String>,
    /// Where the bucket really is, when S3 said so.
    pub region: Option<String>,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.action.name();
        // The words of a chain of providers, each with its own story, would hide what to do.
        let plain = matches!(self.trouble, Trouble::Credentials(Credentials::Missing | Credentials::ExpiredSso));
        match self.remedy() {
            Some(remedy) if plain => write!(f, "{name}: {remedy}"),
            Some(remedy) => write!(f, "{name}: {}: {remedy}", self.what()),
            None => write!(f, "{name}: {}", self.what()),
        }
    }
}

impl StdError for CallError {}

impl CallError {
    /// AWS's words, with its code.
    fn what(&self) -> String {
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, _) => self.message.to_string(),
            (false, true) => self.code.clone(),
            (false, false) => format!("{} ({})", self.message, self.code),
        }
    }

    /// The reason for a gap.
    pub fn reason(&self) -> Reason {
        match self.trouble {
            Trouble::Denied | Trouble::Credentials(_) => Reason::Denied,
            Trouble::Throttled => Reason::Throttled,
            Trouble::TimedOut => Reason::Timeout,
            Trouble::NotSubscribed => Reason::NotEnabled,
            _ => Reason::Unavailable,
        }
    }

    /// As a gap of `area`; `subject` says what exactly could not be read.
    pub fn gap(&self, area: Area, subject: &str) -> Gap {
        Gap {
            area,
            subject: subject.into(),
            reason: self.reason(),
            action: matches!(self.trouble, Trouble::Denied).then(|| self.action.iam()),
            detail: self.to_string().into(),
        }
    }

    /// Whether nothing else will work either until somebody does something.
    pub fn is_hopeless(&self) -> bool {
        matches!(self.trouble, Trouble::Credentials(_) | Trouble::Unreachable)
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> Option<String> {
        let profile = || self.profile.as_ref().map_or(String::new(), |p| format!(" --profile {p}"));
        Some(match &self.trouble {
            Trouble::Denied => format!("ask for {} (`alb-triage policy` prints the whole list)", self.action.iam()),
            Trouble::Throttled => "others use up this account's allowance; run again in a minute".into(),
            Trouble::TimedOut => "no answer in time: check the route to AWS from here, then run again".into(),
            Trouble::Unreachable => unreachable_remedy(&self.message).into(),
            Trouble::Garbled => "something between here and AWS changed the answer (a proxy?), or it was cut off; run again".into(),
            Trouble::Server => "AWS answered with an error of its own; run again in a minute".into(),
            Trouble::NotSubscribed => "not available to this account or support plan".into(),
            Trouble::WrongRegion => "look in the right region with --region".into(),
            Trouble::Credentials(c) => credentials_remedy(c, &profile()),
            Trouble::NotFound | Trouble::Invalid | Trouble::NotInTheList => return None,
        })
    }
}

fn credentials_remedy(wrong: &Credentials, profile: &str) -> String {
    match wrong {
        Credentials::Missing => {
            "no AWS credentials were found: run `aws configure sso` or set AWS_PROFILE, or try `alb-triage demo`, which needs none".into()
        }
        Credentials::ExpiredSso => format!("the SSO session has expired: run `aws sso login{profile}`, then ask again"),
        Credentials::Expired => {
            format!("the credentials have expired: renew them (assume the role{profile} again), then ask again")
        }
        Credentials::Clock(Some(skew)) => {
            let side = if *skew < 0 { "behind" } else { "ahead" };
            format!("this machine's clock is {} s {side} of AWS's: set it (`timedatectl set-ntp true`)", skew.abs())
        }
        Credentials::Clock(None) => "this machine's clock is wrong: set it (`timedatectl set-ntp true`)".into(),
        Credentials::Unknown => {
            "AWS does not know these credentials: check which ones are in use with `aws sts get-caller-identity`".to_owned()
        }
        Credentials::Unloadable => "the credentials could not be loaded; the message above says why".into(),
    }
}

fn unreachable_remedy(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| message.contains(w));
    if says(&["certificate", "unknownissuer", "tls", "handshake"]) {
        "the certificate is not one this machine trusts: behind an inspecting proxy set AWS_CA_BUNDLE to its CA file"
    } else if says(&["proxy", "tunnel"]) {
        "the proxy did not let it through: check HTTPS_PROXY and NO_PROXY"
    } else if says(&["dns", "lookup", "resolve"]) {
        "the name could not be resolved: check the region's name, DNS, and whether this machine reaches the internet or a VPC endpoint"
    } else {
        "no route to AWS from here: check the network, HTTPS_PROXY, security groups and VPC endpoints of this machine"
    }
}

/// What the thin layer knows of an error answer.
#[derive(Debug)]
pub struct Fault {
    pub meta: ErrorMetadata,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.meta.code().unwrap_or("error"), self.meta.message().unwrap_or(""))
    }
}

impl StdError for Fault {}

impl ProvideErrorMetadata for Fault {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

/// Classifies whatever the SDK or the thin layer reports.
pub fn classify<E>(action: Action, error: &SdkError<E, HttpResponse>, now: i64) -> CallError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let (trouble, code, message) = match error {
        SdkError::ServiceError(e) => {
            let meta = e.err().meta();
            let (code, message) = (meta.code().unwrap_or_default().to_owned(), meta.message().unwrap_or_default().to_owned());
            (service_trouble(&code, &message, e.raw(), now), code, message)
        }
        SdkError::TimeoutError(_) => (Trouble::TimedOut, String::new(), "no answer in time".into()),
        SdkError::ResponseError(_) if is_too_long(error) => {
            (Trouble::Garbled, String::new(), format!("the answer is longer than {ANSWER_MIB} MiB and was not read to its end"))
        }
        SdkError::ResponseError(_) => (Trouble::Garbled, String::new(), in_words(error)),
        _ => (local_trouble(error), String::new(), in_words(error)),
    };
    let region = error.raw_response().and_then(|r| r.headers().get("x-amz-bucket-region")).map(str::to_owned);
    CallError { action, trouble, code, message: message.into(), profile: None, region }
}

fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    error.is::<http_body_util::LengthLimitError>() || error.source().is_some_and(is_too_long)
}

/// The chain of causes, each said once.
fn in_words(error: &(dyn StdError + 'static)) -> String {
    let mut words = String::new();
    let mut at = Some(error);
    while let Some(e) = at {
        let cause = e.to_string();
        if !words.contains(&cause) {
            words = if words.is_empty() { cause } else { format!("{words}: {cause}") };
        }
        at = e.source();
    }
    words
}

/// Trouble before anything was sent, or on the way.
fn local_trouble(error: &(dyn StdError + 'static)) -> Trouble {
    let mut at = Some(error);
    while let Some(e) = at {
        if e.is::<NotInTheList>() {
            return Trouble::NotInTheList;
        }
        if let Some(c) = e.downcast_ref::<CredentialsError>() {
            return credentials_trouble(c);
        }
        at = e.source();
    }
    let words = DisplayErrorContext(error).to_string().to_lowercase();
    if words.contains("timed out") || words.contains("timeout") { Trouble::TimedOut } else { Trouble::Unreachable }
}

fn credentials_trouble(error: &CredentialsError) -> Trouble {
    let words = DisplayErrorContext(error).to_string().to_lowercase();
    Trouble::Credentials(match error {
        _ if words.contains("sso") && ["expired", "token", "unauthorized", "cache"].iter().any(|w| words.contains(w)) => {
            Credentials::ExpiredSso
        }
        _ if words.contains("expired") => Credentials::Expired,
        CredentialsError::CredentialsNotLoaded(_) => Credentials::Missing,
        _ => Credentials::Unloadable,
    })
}

/// Trouble that AWS itself reported.
fn service_trouble(code: &str, message: &str, response: &HttpResponse, now: i64) -> Trouble {
    let status = response.status().as_u16();
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" if message.contains("security token") || code != "RequestExpired" => {
            Trouble::Credentials(Credentials::Expired)
        }
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Trouble::Credentials(Credentials::Clock(skew(response, now))),
        "InvalidSignatureException" | "SignatureDoesNotMatch" if message.contains("expired") || message.contains("not yet current") => {
            Trouble::Credentials(Credentials::Clock(skew(response, now)))
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "AuthFailure"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => Trouble::Credentials(Credentials::Unknown),
        "SubscriptionRequiredException" | "OptInRequired" => Trouble::NotSubscribed,
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => Trouble::WrongRegion,
        c if is_throttle(c) => Trouble::Throttled,
        c if c.starts_with("AccessDenied") || c.starts_with("UnauthorizedOperation") || c.contains("NotAuthorized") => Trouble::Denied,
        c if c.contains("NotFound") || c.starts_with("NoSuch") => Trouble::NotFound,
        _ if status == 429 => Trouble::Throttled,
        _ if status == 403 => Trouble::Denied,
        _ if status == 301 || status == 307 => Trouble::WrongRegion,
        _ if status == 404 => Trouble::NotFound,
        _ if status >= 500 => Trouble::Server,
        _ => Trouble::Invalid,
    }
}

fn is_throttle(code: &str) -> bool {
    aws_runtime::retries::classifiers::THROTTLING_ERRORS.contains(&code) || code.contains("Throttl") || code == "RequestRateExceeded"
}

/// How far this machine's clock is ahead of the answer's `Date`, in seconds.
fn skew(response: &HttpResponse, now: i64) -> Option<i64> {
    let date = response.headers().get("date")?;
    let theirs = chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp();
    Some(now - theirs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> HttpResponse {
        let mut r = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        for (k, v) in headers {
            r.headers_mut().insert(*k, *v);
        }
        r
    }

    #[test]
    fn the_codes_of_every_protocol_are_recognised() {
        let t = |code: &str, status| service_trouble(code, "", &answer(status, &[]), 0);
        assert_eq!(t("UnauthorizedOperation", 403), Trouble::Denied);
        assert_eq!(t("AccessDeniedException", 400), Trouble::Denied);
        assert_eq!(t("AccessDenied", 403), Trouble::Denied);
        assert_eq!(t("Throttling", 400), Trouble::Throttled);
        assert_eq!(t("RequestLimitExceeded", 503), Trouble::Throttled);
        assert_eq!(t("SlowDown", 503), Trouble::Throttled);
        assert_eq!(t("SubscriptionRequiredException", 400), Trouble::NotSubscribed);
        assert_eq!(t("LoadBalancerNotFound", 400), Trouble::NotFound);
        assert_eq!(t("NoSuchBucket", 404), Trouble::NotFound);
        assert_eq!(t("InternalFailure", 500), Trouble::Server);
        assert_eq!(t("ExpiredTokenException", 403), Trouble::Credentials(Credentials::Expired));
        assert_eq!(t("", 403), Trouble::Denied);
    }

    #[test]
    fn a_wrong_clock_is_told_with_its_skew() {
        let r = answer(403, &[("date", "Tue, 24 Nov 2026 05:00:00 GMT")]);
        let now = chrono::DateTime::parse_from_rfc3339("2026-11-24T05:10:00Z").unwrap().timestamp();
        assert_eq!(service_trouble("RequestTimeTooSkewed", "", &r, now), Trouble::Credentials(Credentials::Clock(Some(600))));
        let remedy = credentials_remedy(&Credentials::Clock(Some(600)), "");
        assert!(remedy.contains("600 s ahead"), "{remedy}");
    }

    #[test]
    fn only_the_fitting_remedy_is_given() {
        let error = |trouble| CallError {
            action: Action::DescribeAlarms,
            trouble,
            code: String::new(),
            message: "m".into(),
            profile: Some("prod".into()),
            region: None,
        };
        let text = error(Trouble::Credentials(Credentials::ExpiredSso)).to_string();
        assert!(text.contains("aws sso login --profile prod"), "{text}");
        let gap = error(Trouble::Denied).gap(Area::Alarm, "alarm x");
        assert_eq!((gap.reason, gap.action.as_deref()), (Reason::Denied, Some("cloudwatch:DescribeAlarms")));
        assert!(unreachable_remedy("invalid peer certificate: UnknownIssuer").contains("AWS_CA_BUNDLE"));
        assert!(unreachable_remedy("dns error: failed to lookup address").contains("resolved"));
    }
}
