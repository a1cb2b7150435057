resource "aws_lb" "web" {
  name = "web"
}

resource "aws_lb_target_group" "api" {
  name = "api-8080"
  port = 8080
}

# Pages the on-call engineer.
resource "aws_cloudwatch_metric_alarm" "conn_errors" {
  alarm_name          = "web-api-conn-errors"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetConnectionErrorCount"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = [aws_sns_topic.pager.arn]

  dimensions = {
    LoadBalancer = aws_lb.web.arn_suffix
    TargetGroup  = aws_lb_target_group.api.arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name  = "cpu"
  namespace   = "AWS/EC2"
  metric_name = "CPUUtilization"
}
