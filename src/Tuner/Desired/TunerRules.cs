using NetPulse.Kubernetes.Client;

namespace NetPulse.Tuner.Desired;

/// <summary>What the manifests grant the Tuner; a test holds both together, and each rule's reason stands there.</summary>
public static class TunerRules
{
    public static IEnumerable<NeededRule> All { get; } =
    [
        .. NeededRule.Of("netpulse.io", ["nodetunings"], "list", "watch", "create", "patch"),
        new("patch", "netpulse.io", "nodetunings/status"),
        .. NeededRule.Of("", ["pods"], "list", "watch"),
        new("get", "", "nodes"),
    ];
}
