resource "aws_cloudwatch_metric_alarm" "rate" {
  alarm_name          = "conn-error-rate"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  threshold           = 1

  metric_query {
    id          = "rate"
    expression  = "100 * FILL(errors, 0) / requests"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "TargetConnectionErrorCount"
      period      = 60
      stat        = "Sum"
      dimensions = {
        LoadBalancer = "app/web/0123456789abcdef"
      }
    }
  }

  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 60
      stat        = "Sum"
      dimensions = {
        LoadBalancer = "app/web/0123456789abcdef"
      }
    }
  }
}
