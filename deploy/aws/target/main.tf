# The role of one account that an AWSAccess names: the operator assumes it for the rollouts of a team. Apply it in each
# target account, with a provider of that account.
#
#   module "sfn_rollouts_target" {
#     source             = "./deploy/aws/target"
#     providers          = { aws = aws.payments }
#     operator_role_arn  = "arn:aws:iam::123456789012:role/sfn-rollouts"
#     external_id        = "payments-production"
#     state_machine_arns = ["arn:aws:states:*:222222222222:stateMachine:payments-*"]
#   }

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.30"
    }
  }
}

variable "name" {
  description = "Name of the role: the same in each account, since the operator's own policy lists these roles."
  type        = string
  default     = "sfn-rollouts"
}

variable "operator_role_arn" {
  description = "ARN of the operator's own role, the only one that may assume this one."
  type        = string
}

variable "external_id" {
  description = "As spec.externalId of the AWSAccess. Not a secret, but another one for each AWSAccess."
  type        = string
}

variable "state_machine_arns" {
  description = "ARNs of the state machines that may be rolled out, as in spec.stateMachines. Empty: all of this account."
  type        = list(string)
  default     = []
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  every_state_machine = join(":", [
    "arn", data.aws_partition.current.partition, "states", "*", data.aws_caller_identity.current.account_id, "stateMachine", "*",
  ])
  # AWS checks the state machine's ARN also where a version or an alias is meant; the second form covers these two as well.
  state_machines = length(var.state_machine_arns) == 0 ? [local.every_state_machine] : concat(
    var.state_machine_arns, [for arn in var.state_machine_arns : "${arn}:*"],
  )
  executions = [for arn in local.state_machines : "${replace(arn, ":stateMachine:", ":execution:")}:*"]
}

data "aws_iam_policy_document" "target" {
  statement {
    sid       = "ReadStateMachines"
    actions   = ["states:DescribeStateMachine", "states:DescribeStateMachineAlias", "states:ListExecutions"]
    resources = local.state_machines
  }

  statement {
    sid       = "ShiftTraffic"
    actions   = ["states:CreateStateMachineAlias", "states:UpdateStateMachineAlias"]
    resources = local.state_machines
  }

  statement {
    sid       = "WatchAlarms"
    actions   = ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"]
    resources = ["*"] # composite alarms are invisible to anything narrower
  }

  statement {
    sid       = "CountExecutions"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"] # CloudWatch knows no resource for it
  }

  statement {
    sid       = "PreflightFunctions"
    actions   = ["lambda:GetFunctionConfiguration"]
    resources = ["arn:${data.aws_partition.current.partition}:lambda:*:${data.aws_caller_identity.current.account_id}:function:*"]
  }

  statement {
    sid       = "PreflightRoles"
    actions   = ["iam:SimulatePrincipalPolicy"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/*"]
  }

  statement {
    sid       = "PreflightSmoke"
    actions   = ["states:StartExecution", "states:StartSyncExecution"]
    resources = local.state_machines
  }

  statement {
    sid       = "PreflightSmokeOutcome"
    actions   = ["states:DescribeExecution"]
    resources = local.executions
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "OnlyTheOperatorWithTheExternalId"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.operator_role_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }

  statement {
    sid     = "NoTagsButTheOperators"
    actions = ["sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = [var.operator_role_arn]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["sfnrollouts.dev/namespace", "sfnrollouts.dev/rollout"]
    }
  }
}

resource "aws_iam_role" "target" {
  name               = var.name
  description        = "sfn-rollouts: what the operator may do in this account"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "target" {
  name   = var.name
  role   = aws_iam_role.target.id
  policy = data.aws_iam_policy_document.target.json
}

output "role_arn" {
  description = "For spec.roleArn of the AWSAccess, and for target_role_arns of the operator's module."
  value       = aws_iam_role.target.arn
}
