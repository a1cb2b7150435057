//! Who made a call, as short as it can be said, and with which tool.

use crate::case::events::{Actor, ActorKind};
use crate::changes::json::{at, cut, get, text};
use serde_json::Value;

/// The actor of a record; `username` is what the lookup itself said.
pub(super) fn of(record: &Value, username: &str) -> Actor {
    let nothing = Value::Null;
    let identity = get(record, "userIdentity").unwrap_or(&nothing);
    let user_agent = text(record, "userAgent").unwrap_or_default();
    let (name, kind) = who(record, identity, username);
    let invoked_by = text(identity, "invokedBy");
    let console = at(record, &["sessionCredentialFromConsole"]).is_some_and(|v| v == "true" || v == true);
    let tool = invoked_by.and_then(service).or_else(|| tool(user_agent)).or_else(|| console.then(|| "console".to_owned()));
    Actor {
        name: cut(&name, 256).into(),
        kind,
        arn: cut(text(identity, "arn").unwrap_or_default(), 512).into(),
        from: cut(text(record, "sourceIPAddress").unwrap_or_default(), 128).into(),
        user_agent: cut(user_agent, 512).into(),
        tool: tool.map(|t| cut(&t, 64).into()),
    }
}

fn who(record: &Value, identity: &Value, username: &str) -> (String, ActorKind) {
    let invoked_by = text(identity, "invokedBy");
    match text(identity, "type").unwrap_or_default() {
        "Root" => ("root".into(), ActorKind::Person),
        "AWSService" => (invoked_by.and_then(service).unwrap_or_else(|| "AWS".into()), ActorKind::Service),
        "AssumedRole" | "Role" => assumed_role(record, identity),
        "AWSAccount" => (format!("account {}", text(identity, "accountId").unwrap_or("unknown")), ActorKind::Unknown),
        "" if text(record, "eventType") == Some("AwsServiceEvent") => ("AWS".into(), ActorKind::Service),
        "" => (username.to_owned(), if username.is_empty() { ActorKind::Unknown } else { person_or_program(username) }),
        _ => {
            let arn_tail = text(identity, "arn").and_then(|arn| arn.rsplit('/').next());
            let name = text(identity, "userName").or(Some(username).filter(|u| !u.is_empty())).or(arn_tail).unwrap_or("unknown");
            (name.into(), person_or_program(name))
        }
    }
}

/// `…:assumed-role/ROLE/SESSION`: single sign-on is a person, a service-linked role a service, the rest programs.
fn assumed_role(record: &Value, identity: &Value) -> (String, ActorKind) {
    let arn = text(identity, "arn").unwrap_or_default();
    let issuer = at(identity, &["sessionContext", "sessionIssuer", "userName"]).and_then(Value::as_str);
    let mut parts = arn.split_once("assumed-role/").map_or("", |(_, tail)| tail).rsplitn(2, '/');
    let session = parts.next().unwrap_or_default();
    let role = issuer.or(parts.next()).unwrap_or_default();
    if let Some(linked) = role.strip_prefix("AWSServiceRoleFor") {
        let name = if linked.is_empty() { session } else { linked };
        return (name.split('_').next().unwrap_or(name).to_owned(), ActorKind::Service);
    }
    if let Some(set) = role.strip_prefix("AWSReservedSSO_") {
        let set = set.rsplit_once('_').map_or(set, |(set, _)| set);
        return (format!("{session} (SSO {set})"), ActorKind::Person);
    }
    let with_mfa = at(identity, &["sessionContext", "attributes", "mfaAuthenticated"]).is_some_and(|v| v == "true");
    let in_console = get(record, "sessionCredentialFromConsole").is_some();
    let person = (with_mfa || in_console || session.contains('@')) && !is_program(role) && !is_program(session);
    let name = if session.is_empty() { role.to_owned() } else { format!("{role}/{session}") };
    (name, if person { ActorKind::Person } else { ActorKind::Role })
}

fn person_or_program(name: &str) -> ActorKind {
    if is_program(name) { ActorKind::Role } else { ActorKind::Person }
}

/// Words by which pipelines and robots name themselves.
fn is_program(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "ci",
        "cd",
        "cicd",
        "deploy",
        "deployer",
        "deployment",
        "pipeline",
        "pipelines",
        "codepipeline",
        "codebuild",
        "codedeploy",
        "jenkins",
        "github",
        "githubactions",
        "gitlab",
        "circleci",
        "buildkite",
        "terraform",
        "atlantis",
        "spacelift",
        "bot",
        "automation",
        "runner",
        "argocd",
        "spinnaker",
        "ansible",
        "lambda",
        "service",
        "svc",
    ];
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| WORDS.iter().any(|w| part.eq_ignore_ascii_case(w)))
}

/// `AutoScaling` for `autoscaling.amazonaws.com`: the name people use.
fn service(host: &str) -> Option<String> {
    let name = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    Some(match name {
        "autoscaling" => "AutoScaling".into(),
        "cloudformation" => "CloudFormation".into(),
        "elasticbeanstalk" => "Elastic Beanstalk".into(),
        "codedeploy" => "CodeDeploy".into(),
        "codepipeline" => "CodePipeline".into(),
        "codebuild" => "CodeBuild".into(),
        "ecs" | "ec2" | "eks" | "ssm" => name.to_uppercase(),
        "console" | "signin" => "console".into(),
        _ => name.to_owned(),
    })
}

/// The tool behind a user agent: infrastructure as code, the console, a command line, a library.
pub(super) fn tool(user_agent: &str) -> Option<String> {
    /// What to look for, and what to call it; the more telling first.
    const TOOLS: &[(&str, &str)] = &[
        ("OpenTofu/", "OpenTofu"),
        ("Terraform/", "Terraform"),
        ("terraform-provider-aws/", "Terraform AWS provider"),
        ("Pulumi/", "Pulumi"),
        ("aws-cdk/", "CDK"),
        ("cdk-cli/", "CDK"),
        ("Ansible/", "Ansible"),
        ("Packer/", "Packer"),
        ("elbv2.k8s.aws/", "AWS Load Balancer Controller"),
        ("eksctl/", "eksctl"),
        ("karpenter.sh", "Karpenter"),
        ("copilot-cli/", "Copilot"),
        ("EBCLI/", "EB CLI"),
        ("aws-cli/", "aws-cli"),
        ("Boto3/", "Boto3"),
        ("Botocore/", "Botocore"),
        ("aws-sdk-go-v2/", "SDK for Go"),
        ("aws-sdk-go/", "SDK for Go"),
        ("aws-sdk-java/", "SDK for Java"),
        ("aws-sdk-js/", "SDK for JavaScript"),
        ("aws-sdk-nodejs/", "SDK for JavaScript"),
        ("aws-sdk-ruby", "SDK for Ruby"),
        ("aws-sdk-php/", "SDK for PHP"),
        ("aws-sdk-rust/", "SDK for Rust"),
        ("aws-sdk-dotnet", "SDK for .NET"),
        ("AWSPowerShell", "PowerShell"),
        ("HashiCorp", "Terraform"),
    ];
    if let Some(name) = service(user_agent) {
        return Some(name);
    }
    if ["Mozilla/", "AWS-Console", "EC2Console", "S3Console"].iter().any(|c| user_agent.contains(c)) {
        return Some("console".into());
    }
    let (token, name) = TOOLS.iter().find(|(token, _)| user_agent.contains(token))?;
    let after = user_agent.split_once(token).map_or("", |(_, rest)| rest);
    let version: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(16).collect();
    Some(if token.ends_with('/') && !version.is_empty() { format!("{name} {version}") } else { (*name).into() })
}

#[cfg(test)]
mod tests {
    use super::tool;

    #[test]
    fn tools_are_known_by_their_user_agents() {
        let known = [
            ("APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.66.0", "Terraform 1.9.5"),
            ("aws-cli/2.17.1 md/awscrt#0.20 ua/2.0 os/linux#5.10 lang/python#3.11", "aws-cli 2.17.1"),
            ("cloudformation.amazonaws.com", "CloudFormation"),
            ("console.amazonaws.com", "console"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "console"),
            ("elbv2.k8s.aws/v2.8.1 aws-sdk-go/1.44", "AWS Load Balancer Controller"),
            ("Boto3/1.34.2 md/Botocore#1.34", "Boto3 1.34.2"),
        ];
        for (agent, name) in known {
            assert_eq!(tool(agent).as_deref(), Some(name), "{agent}");
        }
        assert_eq!(tool("curl/8.0"), None);
    }
}
