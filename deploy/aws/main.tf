# The operator's role on AWS, with IRSA or with EKS Pod Identity: a module of its own, or a page to copy from.
#
#   module "sfn_rollouts" {
#     source            = "./deploy/aws"
#     oidc_provider_arn = aws_iam_openid_connect_provider.cluster.arn # IRSA; or cluster_name for Pod Identity
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
  description = "Name of the role and of its policy."
  type        = string
  default     = "sfn-rollouts"
}

variable "namespace" {
  description = "Kubernetes namespace of the operator."
  type        = string
  default     = "sfn-rollouts"
}

variable "service_account" {
  description = "Kubernetes service account of the operator."
  type        = string
  default     = "sfn-rollouts"
}

variable "oidc_provider_arn" {
  description = "ARN of the cluster's IAM OIDC provider, for IRSA. Empty: no IRSA."
  type        = string
  default     = ""
}

variable "cluster_name" {
  description = "Name of the EKS cluster, for a Pod Identity association. Empty: none."
  type        = string
  default     = ""
}

variable "state_machine_arns" {
  description = "ARNs of the state machines that may be rolled out, patterns allowed. Empty: all of this account."
  type        = list(string)
  default     = []
}

variable "target_role_arns" {
  description = "ARNs of the roles that AWSAccesses name (deploy/aws/target). Empty: the operator assumes none."
  type        = list(string)
  default     = []
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  oidc_issuer = element(split("oidc-provider/", var.oidc_provider_arn), 1)
  every_state_machine = join(":", [
    "arn", data.aws_partition.current.partition, "states", "*", data.aws_caller_identity.current.account_id, "stateMachine", "*",
  ])
  # AWS checks the state machine's ARN also where a version or an alias is meant; the second form covers these two as well.
  state_machines = length(var.state_machine_arns) == 0 ? [local.every_state_machine] : concat(
    var.state_machine_arns, [for arn in var.state_machine_arns : "${arn}:*"],
  )
  executions = [for arn in local.state_machines : "${replace(arn, ":stateMachine:", ":execution:")}:*"]
}

data "aws_iam_policy_document" "operator" {
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

  dynamic "statement" {
    for_each = length(var.target_role_arns) == 0 ? [] : [var.target_role_arns]
    content {
      sid       = "AssumeRolesOfAWSAccesses"
      actions   = ["sts:AssumeRole", "sts:TagSession"]
      resources = statement.value
    }
  }
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.oidc_provider_arn == "" ? [] : [var.oidc_provider_arn]
    content {
      sid     = "OnlyTheOperatorsServiceAccountByIRSA"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:sub"
        values   = ["system:serviceaccount:${var.namespace}:${var.service_account}"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.cluster_name == "" ? [] : [var.cluster_name]
    content {
      sid     = "OnlyTheOperatorsServiceAccountByPodIdentity"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:RequestTag/eks-cluster-name"
        values   = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:RequestTag/kubernetes-namespace"
        values   = [var.namespace]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:RequestTag/kubernetes-service-account"
        values   = [var.service_account]
      }
    }
  }
}

resource "aws_iam_role" "operator" {
  name               = var.name
  description        = "sfn-rollouts: shifts traffic of Step Functions aliases, reads alarms"
  assume_role_policy = data.aws_iam_policy_document.trust.json

  lifecycle {
    precondition {
      condition     = var.oidc_provider_arn != "" || var.cluster_name != ""
      error_message = "Set oidc_provider_arn (IRSA) or cluster_name (EKS Pod Identity): nobody could use the role."
    }
  }
}

resource "aws_iam_role_policy" "operator" {
  name   = var.name
  role   = aws_iam_role.operator.id
  policy = data.aws_iam_policy_document.operator.json
}

resource "aws_eks_pod_identity_association" "operator" {
  count = var.cluster_name == "" ? 0 : 1

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.operator.arn
}

output "role_arn" {
  description = "For the annotation eks.amazonaws.com/role-arn of the service account, with IRSA."
  value       = aws_iam_role.operator.arn
}
