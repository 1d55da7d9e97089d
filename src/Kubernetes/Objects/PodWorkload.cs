using System.Text.RegularExpressions;

namespace NetPulse.Kubernetes.Objects;

/// <summary>A pod's workload: its owner's owner where the names tell it; without an owner its label's, else what its own name says.</summary>
public static partial class PodWorkload
{
    /// <returns>The owner's kind, empty where nobody says, and its name.</returns>
    public static (string Kind, string Name) Of(Pod pod) =>
        pod.Metadata.OwnerReferences.FirstOrDefault(owner => owner.Controller) is { } owner
            ? OwnerOf(pod, owner)
            : ("", pod.Metadata.Labels.TryGetValue(Pod.WorkloadLabel, out var label) && label.Length > 0 ? label : WithoutSuffix(pod.Metadata.Name));

    /// <remarks>
    /// A Deployment's ReplicaSet is named DEPLOYMENT-HASH, the hash being a label of its pods (kubernetes pkg/controller/deployment/sync.go);
    /// a CronJob's Job CRONJOB-MINUTES, the minutes since 1970 (pkg/controller/cronjob/utils.go); a static pod NAME-NODE, owned by the node.
    /// </remarks>
    private static (string Kind, string Name) OwnerOf(Pod pod, OwnerReference owner)
    {
        switch (owner.Kind)
        {
            case "ReplicaSet" when pod.Metadata.Labels.TryGetValue(Pod.TemplateHashLabel, out var hash) && EndsWith(owner.Name, hash):
                return ("Deployment", owner.Name[..^(hash.Length + 1)]);
            case "Job" when ScheduledMinute().Match(owner.Name) is { Success: true } minute:
                return ("CronJob", owner.Name[..minute.Index]);
            case nameof(Node):
                return (nameof(Pod), EndsWith(pod.Metadata.Name, owner.Name) ? pod.Metadata.Name[..^(owner.Name.Length + 1)] : pod.Metadata.Name);
            default:
                return (owner.Kind, owner.Name);
        }
    }

    private static bool EndsWith(string name, string suffix) =>
        suffix.Length > 0 && name.Length > suffix.Length + 1 && name[^(suffix.Length + 1)] == '-' && name.EndsWith(suffix, StringComparison.Ordinal);

    private static string WithoutSuffix(string name) => Suffix().Match(name) is { Success: true, Index: > 0 } suffix ? name[..suffix.Index] : name;

    /// <summary>Deployment (two hashes), StatefulSet (an ordinal), DaemonSet and Job (one hash), in the alphabet of k8s.io/apimachinery's rand.SafeEncodeString.</summary>
    [GeneratedRegex("(-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+|-[bcdfghjklmnpqrstvwxz2456789]{5})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Suffix();

    /// <summary>Eight digits until the year 2160.</summary>
    [GeneratedRegex("(?<=.)-[0-9]{8}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex ScheduledMinute();
}
