variable "load_balancer" {}
variable "target_group" {}
variable "name" {}
variable "threshold" {}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "${var.name}-conn"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetConnectionErrorCount"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = var.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  dimensions = {
    LoadBalancer = var.load_balancer
    TargetGroup  = var.target_group
  }
}
