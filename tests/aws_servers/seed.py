"""Seeds the local servers with one incident: EC2, ELB and S3 in moto, metrics and the alarm in ministack.

usage: seed.py MOTO_URL MINISTACK_URL overload|security-group|instance-stopped
Prints the alarm's name. Everything happens in the last hours, on whole minutes.
"""
import gzip
import json
import random
import sys
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config

moto, ministack, scenario = sys.argv[1:4]
config = Config(region_name="us-east-1", retries={"max_attempts": 3}, read_timeout=300, s3={"addressing_style": "path"})


def client(service, url):
    return boto3.client(service, endpoint_url=url, config=config, aws_access_key_id="123456789012", aws_secret_access_key="testing")


ec2, elb, s3 = (client(s, moto) for s in ("ec2", "elbv2", "s3"))
cw = client("cloudwatch", ministack)
random.seed(7)

now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
onset = now - timedelta(minutes=40)
end = now - timedelta(minutes=12)
if scenario == "instance-stopped":
    # The server stamps a stop with the time it is told to: the errors begin when it does.
    onset, end = now - timedelta(minutes=3), now + timedelta(minutes=10)
start = now - timedelta(hours=4)

vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
zones = ["us-east-1a", "us-east-1b"]
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=z)["Subnet"]["SubnetId"] for i, z in enumerate(zones)]
alb_sg = ec2.create_security_group(GroupName="alb-sg", Description="alb", VpcId=vpc)["GroupId"]
app_sg = ec2.create_security_group(GroupName="app-sg", Description="app", VpcId=vpc)["GroupId"]
ec2.authorize_security_group_ingress(GroupId=alb_sg, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
permission = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": alb_sg}]}]
ec2.authorize_security_group_ingress(GroupId=app_sg, IpPermissions=permission)
ids = []
for subnet in subnets:
    ids += [i["InstanceId"] for i in ec2.run_instances(ImageId="ami-12c6146b", InstanceType="m5.large", MinCount=2, MaxCount=2, SubnetId=subnet, SecurityGroupIds=[app_sg], Monitoring={"Enabled": True})["Instances"]]

balancer = elb.create_load_balancer(Name="web-alb", Subnets=subnets, SecurityGroups=[alb_sg], Scheme="internet-facing", Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
group = elb.create_target_group(Name="web-tg", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="instance", HealthCheckPath="/healthz", HealthCheckIntervalSeconds=30, HealthyThresholdCount=3, UnhealthyThresholdCount=2, HealthCheckTimeoutSeconds=5)["TargetGroups"][0]["TargetGroupArn"]
elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
elb.register_targets(TargetGroupArn=group, Targets=[{"Id": i, "Port": 8080} for i in ids])
elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": "alb-logs"}, {"Key": "access_logs.s3.prefix", "Value": "prod"}])
lb_dim, tg_dim = balancer.split("loadbalancer/")[1], group.split(":")[-1]

victim = ids[0]
if scenario == "security-group":
    ec2.revoke_security_group_ingress(GroupId=app_sg, IpPermissions=permission)
if scenario == "instance-stopped":
    ec2.stop_instances(InstanceIds=[victim])

failing = {"overload": ids, "security-group": ids, "instance-stopped": [victim]}[scenario]
lb, tg = {"Name": "LoadBalancer", "Value": lb_dim}, {"Name": "TargetGroup", "Value": tg_dim}
data = {"AWS/ApplicationELB": [], "AWS/EC2": []}


def put(namespace, name, dimensions, minute, value, unit="Count"):
    data[namespace].append({"MetricName": name, "Dimensions": dimensions, "Timestamp": minute, "Value": float(value), "Unit": unit})


errors_at = {}
for m in range(240):
    minute = start + timedelta(minutes=m)
    bad = onset <= minute < end
    since = (minute - onset).total_seconds() / 60
    surge = 4.0 if scenario == "overload" and onset - timedelta(minutes=4) <= minute < end else 1.0
    requests = round(6000 * surge * random.uniform(0.96, 1.04))
    share = {"overload": 0.08, "security-group": min(0.9, 0.1 + since * 0.06), "instance-stopped": 0.25 if since < 2 else 0.0}[scenario] if bad else 0.0
    errors = round(requests * share)
    errors_at[minute] = errors
    served = requests - errors
    for dims in ([lb], [lb, tg]):
        put("AWS/ApplicationELB", "RequestCount", dims, minute, requests)
        put("AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", dims, minute, served)
        put("AWS/ApplicationELB", "TargetResponseTime", dims, minute, 1.4 if surge > 1 else 0.08, "Seconds")
        if errors:
            put("AWS/ApplicationELB", "TargetConnectionErrorCount", dims, minute, errors)
    put("AWS/ApplicationELB", "NewConnectionCount", [lb], minute, requests / 10)
    put("AWS/ApplicationELB", "ActiveConnectionCount", [lb], minute, 300 * surge)
    if errors:
        put("AWS/ApplicationELB", "HTTPCode_ELB_504_Count", [lb], minute, errors)
        put("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", [lb], minute, errors)
    gone = 1 if scenario == "instance-stopped" and minute >= onset + timedelta(minutes=2) else 0
    all_gone = 4 if scenario == "security-group" and onset + timedelta(minutes=2) <= minute < end else 0
    put("AWS/ApplicationELB", "HealthyHostCount", [lb, tg], minute, 4 - max(gone, all_gone))
    put("AWS/ApplicationELB", "UnHealthyHostCount", [lb, tg], minute, max(gone, all_gone))
    for i in ids:
        d = [{"Name": "InstanceId", "Value": i}]
        stopped = scenario == "instance-stopped" and i == victim and minute >= onset
        if stopped:
            continue
        cut = scenario == "security-group" and bad
        cpu = 97 if surge > 1 else (4 if cut else 28)
        put("AWS/EC2", "CPUUtilization", d, minute, cpu + random.uniform(-2, 2), "Percent")
        put("AWS/EC2", "NetworkIn", d, minute, 3e7 * surge * (0.1 if cut else 1), "Bytes")
        put("AWS/EC2", "NetworkOut", d, minute, 9e7 * surge * (0.1 if cut else 1), "Bytes")
        for check in ("StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System"):
            put("AWS/EC2", check, d, minute, 0)
for namespace, all_data in data.items():
    for i in range(0, len(all_data), 500):
        cw.put_metric_data(Namespace=namespace, MetricData=all_data[i : i + 500])

cw.put_metric_alarm(AlarmName="web-conn-errors", Namespace="AWS/ApplicationELB", MetricName="TargetConnectionErrorCount", Dimensions=[lb, tg], Statistic="Sum", Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=10, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")
cw.set_alarm_state(AlarmName="web-conn-errors", StateValue="ALARM", StateReason="Threshold Crossed: 2 out of the last 3 datapoints were greater than the threshold (10.0).")

# The access log: one node a zone, one object every five minutes. Beside it lies what must not be counted: another
# balancer's object, a day's folder of other logs, and the object that only proves the bucket can be written.
truth = {"objects": 0, "lines": 0, "malformed": 0, "failures": {}}
s3.create_bucket(Bucket="alb-logs")
addresses = {i["InstanceId"]: i["PrivateIpAddress"] for r in ec2.describe_instances(InstanceIds=ids)["Reservations"] for i in r["Instances"]}
for slot in range(-12, 12):
    slot_start = onset.replace(minute=onset.minute - onset.minute % 5) + timedelta(minutes=5 * slot)
    slot_end = slot_start + timedelta(minutes=5)
    if slot_end > now:
        break
    for node in ("10.0.0.10", "10.0.1.10"):
        lines = []
        for n in range(60):
            t = slot_start + timedelta(seconds=5 * n)
            minute = t.replace(second=0)
            target = random.choice(ids)
            minute_errors = errors_at.get(minute, 0)
            fails = minute_errors and target in failing and random.random() < (0.5 if scenario == "overload" else 0.9)
            took, times, status, theirs = (10.002, "-1 -1 -1", 504, "-") if fails else (0.08, "0.001 0.078 0.000", 200, "200")
            created = t - timedelta(seconds=took)
            stamp = lambda x: x.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            truth["lines"] += 1
            if fails:
                truth["failures"][f"{addresses[target]}:8080"] = truth["failures"].get(f"{addresses[target]}:8080", 0) + 1
            lines.append(f'http {stamp(t)} {lb_dim} 203.0.113.{n}:4{n:04d} {addresses[target]}:8080 {times} {status} {theirs} 300 500 "GET http://web.example.com:80/api/{n} HTTP/1.1" "curl/8" - - {group} "Root=1-{n:08x}-000000000000000000000000" "-" "-" 0 {stamp(created)} "forward" "-" "-" "{addresses[target]}:8080" "{theirs}" "-" "-" TID_{n:032x} "-" "-" "-"')
        key = f"prod/AWSLogs/123456789012/elasticloadbalancing/us-east-1/{slot_end:%Y/%m/%d}/123456789012_elasticloadbalancing_us-east-1_{lb_dim.replace('/', '.')}_{slot_end:%Y%m%dT%H%MZ}_{node}_{abs(hash((slot, node))) % 10**8:08d}.log.gz"
        lines.append(lines[-1][:200])
        truth["objects"] += 1
        truth["lines"] += 1
        truth["malformed"] += 1
        # Several members in one object, as when parts were packed one after the other.
        packed = b"".join(gzip.compress("".join(f"{line}\n" for line in part).encode()) for part in (lines[:20], lines[20:]))
        s3.put_object(Bucket="alb-logs", Key=key, Body=packed)
        s3.put_object(Bucket="alb-logs", Key=key.replace("app.web-alb.", "app.other-alb."), Body=packed)
        s3.put_object(Bucket="alb-logs", Key=key.replace("/123456789012_", "/conn_log_123456789012_"), Body=b"no access log")
s3.put_object(Bucket="alb-logs", Key="prod/AWSLogs/123456789012/ELBAccessLogTestFile", Body=b"Enable AccessLog for ELB: web-alb")

print(json.dumps({"alarm": "web-conn-errors", "victim": victim, "group": app_sg, "access_log": truth}))
