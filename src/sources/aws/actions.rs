//! Every call this program is able to make: one row an action. The IAM policy, preflight, pacing, the
//! call counter and the guard that refuses anything else are made from this list. All of it reads.

use crate::exchange::Area;

/// How a service encodes requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// One of the three SDK crates speaks it.
    Sdk,
    /// Form in, XML out.
    Query,
    Json11,
    RestJson,
    RestXml,
}

/// A service of AWS, as far as it is called here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Sts,
    CloudWatch,
    CloudTrail,
    Balancing,
    Ec2,
    AutoScaling,
    ApplicationAutoScaling,
    Ecs,
    CodeDeploy,
    Logs,
    S3,
    Athena,
    Health,
    ZonalShift,
    Ssm,
}

/// What the wire and IAM want to know of a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFacts {
    /// The SDK's name of it, which `AWS_ENDPOINT_URL_<NAME>` and `services` sections in profiles use.
    pub id: &'static str,
    /// First part of the host name; also the signing name unless [`Self::signing`] differs.
    pub host: &'static str,
    pub signing: &'static str,
    pub iam: &'static str,
    pub protocol: Protocol,
    /// Version of the query API, or prefix of the JSON target.
    pub version: &'static str,
}

impl Service {
    /// Everything about the service in one look.
    #[rustfmt::skip]
    pub const fn facts(self) -> ServiceFacts {
        use Protocol::{Query, Sdk, Json11, RestXml, RestJson};
        const fn f(id: &'static str, host: &'static str, signing: &'static str, iam: &'static str, protocol: Protocol, version: &'static str) -> ServiceFacts {
            ServiceFacts { id, host, signing, iam, protocol, version }
        }
        match self {
            Self::Sts => f("STS", "sts", "sts", "sts", Query, "2011-06-15"),
            Self::CloudWatch => f("CloudWatch", "monitoring", "monitoring", "cloudwatch", Sdk, ""),
            Self::CloudTrail => f("CloudTrail", "cloudtrail", "cloudtrail", "cloudtrail", Sdk, ""),
            Self::Balancing => f("Elastic Load Balancing v2", "elasticloadbalancing", "elasticloadbalancing", "elasticloadbalancing", Sdk, ""),
            Self::Ec2 => f("EC2", "ec2", "ec2", "ec2", Query, "2016-11-15"),
            Self::AutoScaling => f("Auto Scaling", "autoscaling", "autoscaling", "autoscaling", Query, "2011-01-01"),
            Self::ApplicationAutoScaling => f("Application Auto Scaling", "application-autoscaling", "application-autoscaling", "application-autoscaling", Json11, "AnyScaleFrontendService"),
            Self::Ecs => f("ECS", "ecs", "ecs", "ecs", Json11, "AmazonEC2ContainerServiceV20141113"),
            Self::CodeDeploy => f("CodeDeploy", "codedeploy", "codedeploy", "codedeploy", Json11, "CodeDeploy_20141006"),
            Self::Logs => f("CloudWatch Logs", "logs", "logs", "logs", Json11, "Logs_20140328"),
            Self::S3 => f("S3", "s3", "s3", "s3", RestXml, ""),
            Self::Athena => f("Athena", "athena", "athena", "athena", Json11, "AmazonAthena"),
            Self::Health => f("Health", "health", "health", "health", Json11, "AWSHealth_20160804"),
            Self::ZonalShift => f("ARC Zonal Shift", "arc-zonal-shift", "arc-zonal-shift", "arc-zonal-shift", RestJson, ""),
            Self::Ssm => f("SSM", "ssm", "ssm", "ssm", Json11, "AmazonSSM"),
        }
    }
}

/// Which share of an account's allowance a call draws on, so that all tasks pace it together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    Identity,
    Alarms,
    Metrics,
    Balancing,
    Compute,
    Trail,
    Logs,
    Objects,
    Lifecycle,
    Rare,
}

impl Bucket {
    pub const ALL: [Self; 10] = [
        Self::Identity,
        Self::Alarms,
        Self::Metrics,
        Self::Balancing,
        Self::Compute,
        Self::Trail,
        Self::Logs,
        Self::Objects,
        Self::Lifecycle,
        Self::Rare,
    ];

    /// Calls a second, below what AWS allows the whole account, since others call too; and how many may
    /// go at once after a pause.
    pub const fn rate(self) -> (f64, f64) {
        match self {
            // LookupEvents: 2/s an account and region, not adjustable.
            Self::Trail => (1.8, 1.0),
            // One bucket of 40, refilled by 10/s, for every describe of the account.
            Self::Balancing => (8.0, 16.0),
            Self::Compute => (10.0, 20.0),
            // DescribeAlarms: 9/s.
            Self::Alarms => (5.0, 5.0),
            Self::Metrics => (20.0, 20.0),
            // FilterLogEvents: 5/s in the slowest regions.
            Self::Logs => (4.0, 4.0),
            Self::Objects => (200.0, 200.0),
            Self::Lifecycle => (4.0, 8.0),
            Self::Identity => (5.0, 5.0),
            Self::Rare => (1.5, 3.0),
        }
    }
}

/// Which statement of the IAM policy an action stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statement {
    /// Needs no permission at all.
    Nothing,
    Core,
    Lifecycle,
    AwsSide,
    Logs,
    LogList,
    LogBucket,
    LogObjects,
    Athena,
    HostProof,
}

/// One row of the list.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub service: Service,
    pub operation: &'static str,
    /// The permission's own name, where it is not the operation's.
    pub permission: &'static str,
    pub bucket: Bucket,
    pub statement: Statement,
    /// The area that is blind without it.
    pub area: Area,
}

macro_rules! actions {
    ($($action:ident: $service:ident $operation:literal $permission:literal $bucket:ident $statement:ident $area:ident;)+) => {
        /// A call this program is able to make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($action),+ }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// The action's row.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$action => Row {
                        service: Service::$service,
                        operation: $operation,
                        permission: $permission,
                        bucket: Bucket::$bucket,
                        statement: Statement::$statement,
                        area: Area::$area,
                    }),+
                }
            }
        }
    };
}

#[rustfmt::skip]
actions! {
    GetCallerIdentity: Sts "GetCallerIdentity" "GetCallerIdentity" Identity Nothing Identity;

    DescribeAlarms: CloudWatch "DescribeAlarms" "DescribeAlarms" Alarms Core Alarm;
    DescribeAlarmsForMetric: CloudWatch "DescribeAlarmsForMetric" "DescribeAlarmsForMetric" Alarms Core Alarm;
    DescribeAlarmHistory: CloudWatch "DescribeAlarmHistory" "DescribeAlarmHistory" Alarms Core AlarmHistory;
    GetMetricData: CloudWatch "GetMetricData" "GetMetricData" Metrics Core BalancerMetrics;
    ListMetrics: CloudWatch "ListMetrics" "ListMetrics" Metrics Core HostMetrics;

    DescribeLoadBalancers: Balancing "DescribeLoadBalancers" "DescribeLoadBalancers" Balancing Core Balancer;
    DescribeLoadBalancerAttributes: Balancing "DescribeLoadBalancerAttributes" "DescribeLoadBalancerAttributes" Balancing Core Balancer;
    DescribeListeners: Balancing "DescribeListeners" "DescribeListeners" Balancing Core Balancer;
    DescribeRules: Balancing "DescribeRules" "DescribeRules" Balancing Core Balancer;
    DescribeTargetGroups: Balancing "DescribeTargetGroups" "DescribeTargetGroups" Balancing Core Balancer;
    DescribeTargetGroupAttributes: Balancing "DescribeTargetGroupAttributes" "DescribeTargetGroupAttributes" Balancing Core Balancer;
    DescribeTargetHealth: Balancing "DescribeTargetHealth" "DescribeTargetHealth" Balancing Core TargetHealth;
    DescribeTags: Balancing "DescribeTags" "DescribeTags" Balancing Core Balancer;

    DescribeInstances: Ec2 "DescribeInstances" "DescribeInstances" Compute Core Instances;
    DescribeInstanceStatus: Ec2 "DescribeInstanceStatus" "DescribeInstanceStatus" Compute Core Instances;
    DescribeInstanceCreditSpecifications: Ec2 "DescribeInstanceCreditSpecifications" "DescribeInstanceCreditSpecifications" Compute Core Instances;
    DescribeNetworkInterfaces: Ec2 "DescribeNetworkInterfaces" "DescribeNetworkInterfaces" Compute Core Network;
    DescribeSecurityGroups: Ec2 "DescribeSecurityGroups" "DescribeSecurityGroups" Compute Core Network;
    DescribeSecurityGroupRules: Ec2 "DescribeSecurityGroupRules" "DescribeSecurityGroupRules" Compute Core Network;
    DescribeNetworkAcls: Ec2 "DescribeNetworkAcls" "DescribeNetworkAcls" Compute Core Network;
    DescribeRouteTables: Ec2 "DescribeRouteTables" "DescribeRouteTables" Compute Core Network;
    DescribeSubnets: Ec2 "DescribeSubnets" "DescribeSubnets" Compute Core Network;
    DescribeManagedPrefixLists: Ec2 "DescribeManagedPrefixLists" "DescribeManagedPrefixLists" Compute Core Network;
    GetManagedPrefixListEntries: Ec2 "GetManagedPrefixListEntries" "GetManagedPrefixListEntries" Compute Core Network;
    GetConsoleOutput: Ec2 "GetConsoleOutput" "GetConsoleOutput" Compute HostProof Consoles;

    LookupEvents: CloudTrail "LookupEvents" "LookupEvents" Trail Core Changes;

    DescribeAutoScalingInstances: AutoScaling "DescribeAutoScalingInstances" "DescribeAutoScalingInstances" Lifecycle Lifecycle Lifecycle;
    DescribeScalingActivities: AutoScaling "DescribeScalingActivities" "DescribeScalingActivities" Lifecycle Lifecycle Lifecycle;
    DescribeInstanceRefreshes: AutoScaling "DescribeInstanceRefreshes" "DescribeInstanceRefreshes" Lifecycle Lifecycle Lifecycle;
    ApplicationScalingActivities: ApplicationAutoScaling "DescribeScalingActivities" "DescribeScalingActivities" Lifecycle Lifecycle Lifecycle;
    ListClusters: Ecs "ListClusters" "ListClusters" Lifecycle Lifecycle Lifecycle;
    ListServices: Ecs "ListServices" "ListServices" Lifecycle Lifecycle Lifecycle;
    DescribeServices: Ecs "DescribeServices" "DescribeServices" Lifecycle Lifecycle Lifecycle;
    ListTasks: Ecs "ListTasks" "ListTasks" Lifecycle Lifecycle Lifecycle;
    DescribeTaskDefinition: Ecs "DescribeTaskDefinition" "DescribeTaskDefinition" Lifecycle Lifecycle Lifecycle;
    DescribeTasks: Ecs "DescribeTasks" "DescribeTasks" Lifecycle Lifecycle Lifecycle;
    ListDeployments: CodeDeploy "ListDeployments" "ListDeployments" Lifecycle Lifecycle Lifecycle;
    BatchGetDeployments: CodeDeploy "BatchGetDeployments" "BatchGetDeployments" Lifecycle Lifecycle Lifecycle;

    DescribeEvents: Health "DescribeEvents" "DescribeEvents" Rare AwsSide AwsHealth;
    DescribeEventDetails: Health "DescribeEventDetails" "DescribeEventDetails" Rare AwsSide AwsHealth;
    DescribeAffectedEntities: Health "DescribeAffectedEntities" "DescribeAffectedEntities" Rare AwsSide AwsHealth;
    ListAutoshifts: ZonalShift "ListAutoshifts" "ListAutoshifts" Rare AwsSide AwsHealth;
    ListZonalShifts: ZonalShift "ListZonalShifts" "ListZonalShifts" Rare AwsSide AwsHealth;

    DescribeLogGroups: Logs "DescribeLogGroups" "DescribeLogGroups" Logs LogList AppLog;
    FilterLogEvents: Logs "FilterLogEvents" "FilterLogEvents" Logs Logs AppLog;
    StartQuery: Logs "StartQuery" "StartQuery" Logs Logs AppLog;
    GetQueryResults: Logs "GetQueryResults" "GetQueryResults" Logs LogList AppLog;
    StopQuery: Logs "StopQuery" "StopQuery" Logs LogList AppLog;

    ListObjects: S3 "ListObjectsV2" "ListBucket" Objects LogBucket AccessLog;
    GetObject: S3 "GetObject" "GetObject" Objects LogObjects AccessLog;

    AthenaGetTable: Athena "GetTableMetadata" "GetTableMetadata" Rare Athena AccessLog;
    AthenaStartQuery: Athena "StartQueryExecution" "StartQueryExecution" Rare Athena AccessLog;
    AthenaGetQuery: Athena "GetQueryExecution" "GetQueryExecution" Rare Athena AccessLog;
    AthenaGetResults: Athena "GetQueryResults" "GetQueryResults" Rare Athena AccessLog;
    AthenaStopQuery: Athena "StopQueryExecution" "StopQueryExecution" Rare Athena AccessLog;

    DescribeInstanceInformation: Ssm "DescribeInstanceInformation" "DescribeInstanceInformation" Rare HostProof Instances;
}

impl Action {
    /// The permission: `ec2:DescribeInstances`.
    pub fn iam(self) -> String {
        format!("{}:{}", self.row().service.facts().iam, self.row().permission)
    }

    /// The operation, said the way origins and the call counter say it: `cloudwatch:GetMetricData`.
    pub fn name(self) -> String {
        format!("{}:{}", self.row().service.facts().iam, self.row().operation)
    }

    /// The action behind an SDK's service and operation names, if it is one of ours.
    pub fn find(service: &str, operation: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.row().operation == operation && a.row().service.facts().id == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_writes() {
        let reading = ["Describe", "Get", "List", "Lookup", "Filter", "BatchGet"];
        // A query over logs computes; it starts and is stopped, and changes nothing that anybody keeps. IAM puts
        // Athena's two at the level Write all the same: they are in a statement of their own.
        let queries = [Action::StartQuery, Action::StopQuery, Action::AthenaStartQuery, Action::AthenaStopQuery];
        for action in Action::ALL {
            let operation = action.row().operation;
            assert!(reading.iter().any(|r| operation.starts_with(r)) || queries.contains(action), "{}", action.name());
        }
    }

    #[test]
    fn names_are_unique_and_found_again() {
        let mut names: Vec<_> = Action::ALL.iter().map(|a| a.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::find(action.row().service.facts().id, action.row().operation), Some(*action));
        }
    }

    /// Every permission asked for is one that some reader uses.
    #[test]
    fn nothing_is_in_the_list_that_is_not_called() {
        fn sources(dir: &std::path::Path, all: &mut String) {
            for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    sources(&path, all);
                } else if !["actions.rs", "preflight.rs", "tests.rs"].contains(&entry.file_name().to_str().unwrap()) {
                    all.push_str(&std::fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut all = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let names = |name: &str| {
            all.match_indices(&format!("Action::{name}")).any(|(at, found)| !all[at + found.len()..].starts_with(char::is_alphanumeric))
        };
        let unused: Vec<_> = Action::ALL.iter().filter(|a| !names(&format!("{a:?}"))).collect();
        assert!(unused.is_empty(), "in the policy and never called: {unused:?}");
    }

    #[test]
    fn buckets_are_all_listed() {
        for action in Action::ALL {
            assert!(Bucket::ALL.contains(&action.row().bucket));
        }
    }
}
