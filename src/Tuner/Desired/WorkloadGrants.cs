using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>A workload's setting is one for each of its pods on the node, whenever they come.</summary>
public static class WorkloadGrants
{
    /// <summary>Behind a setting's name stands the pod that it is for; no name of a setting has it.</summary>
    private const char Separator = '/';

    /// <summary>The settings for one namespace each.</summary>
    public static IEnumerable<SysctlSetting> Expand(SysctlSetting setting, PodDirectory pods, string node) =>
        setting.Workload is not { } workload || setting.Pod is not null ? [setting] :
        from pod in pods.Pods
        where pod.Metadata.Namespace == workload.Namespace && !pod.Spec.HostNetwork && (pod.Spec.NodeName.Length == 0 || pod.Spec.NodeName == node)
            && pod.Status.Phase is not (PodStatus.Succeeded or PodStatus.Failed) && PodWorkload.Of(pod).Name == workload.Name
        let reference = new PodReference { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name }
        select setting with
        {
            Name = $"{setting.Name}{Separator}{reference}",
            Change = setting.Change is { } change ? $"{change}{Separator}{reference}" : null,
            Pod = reference,
            Workload = null,
        };

    /// <summary>The setting that it comes from: itself, or its workload's.</summary>
    public static string NameOf(string expanded) => expanded.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var end ? expanded[..end] : expanded;

    public static bool IsForPodOfWorkload(string expanded) => expanded.Contains(Separator, StringComparison.Ordinal);

    /// <summary>What became of the whole: it holds as soon as it holds in one pod; the others are named.</summary>
    /// <param name="outcomes">By the expanded name.</param>
    public static Outcome Together(SysctlSetting setting, IReadOnlyList<(string Name, Outcome Outcome)> outcomes)
    {
        if (outcomes.Count == 0)
        {
            return new Outcome(SettingState.Applied, $"no pod of {setting.Workload} runs here; those that come are given it", "", setting.Value);
        }

        var applied = outcomes.Where(one => one.Outcome.State == SettingState.Applied).ToList();
        var others = outcomes.Where(one => one.Outcome.State != SettingState.Applied)
            .Select(one => $"{one.Name[(setting.Name.Length + 1)..]}: {one.Outcome.State}: {one.Outcome.Message}");
        var told = applied is [] ? outcomes[0] : applied[0];
        var message = string.Join("; ", new[] { $"holds in {applied.Count} of {outcomes.Count} pods of {setting.Workload}", applied is [] ? "" : told.Outcome.Message }.Concat(others.Take(3)).Where(part => part.Length > 0));
        return told.Outcome with { Message = message };
    }
}
