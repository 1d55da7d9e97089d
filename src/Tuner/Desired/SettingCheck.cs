using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.Sysctls;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Finds out whether a setting may be applied, changing nothing.</summary>
public sealed class SettingCheck(KnobTable knobs, KnobTrial trial, NamespaceSysctls sysctls, HeldValues held, TimeProvider time)
{
    /// <param name="setting">For one pod, or the node's own namespace.</param>
    /// <param name="together">What the other settings of the same change want, by sysctl.</param>
    /// <param name="pods">Those of the node.</param>
    /// <param name="node">Its name.</param>
    /// <returns>The claim, or what stands against it.</returns>
    public Result Of(SysctlSetting setting, IReadOnlyDictionary<string, string> together, PodDirectory pods, string node)
    {
        if (setting is { Pod: not null, Workload: not null })
        {
            return Refuse("it names a pod and a workload; it may name one of them, or neither for the node's own network namespace");
        }

        if (knobs.Find(setting.Sysctl) is not { } knob)
        {
            return Refuse($"{setting.Sysctl} is not among the {knobs.Knobs.Length} sysctls that the Tuner accepts; netpulse-tuner knobs lists them");
        }

        if (knob.Accept(setting.Value, out var refusal) is not { } value)
        {
            return Refuse(refusal);
        }

        if (setting.Pod is not null && ScopeOf(knob) == SysctlScope.Node)
        {
            return Refuse($"{knob.Sysctl} is the node's, for all network namespaces; a setting for it names no pod");
        }

        if (held.HasExpired(setting.Name, setting.RevertAt))
        {
            return new Result(null, new Outcome(SettingState.Reverted, $"what held before is back: its time, {setting.RevertAt:O}, has passed"), HasExpired: true);
        }

        try
        {
            return InNamespace(setting, together, pods, node, knob, value);
        }
        catch (IOException e) when (NamespaceSysctls.IsGone(e))
        {
            return new Result(null, new Outcome(SettingState.NamespaceGone, e.Message));
        }
        catch (IOException e)
        {
            return new Result(null, new Outcome(SettingState.Failed, $"{e.Message}; it is tried again"), IsUnknown: true);
        }
    }

    private Result InNamespace(SysctlSetting setting, IReadOnlyDictionary<string, string> together, PodDirectory pods, string node, Knob knob, string value)
    {
        TargetNamespace target;
        if (setting.Pod is null)
        {
            target = sysctls.Host();
        }
        else if (pods.Find(setting.Pod) is not { } pod)
        {
            return pods.Problems.Count == 0
                ? new Result(null, new Outcome(SettingState.Refused, $"there is no pod {setting.Pod} on node {node}"), HasNoNamespace: true)
                : new Result(null, new Outcome(SettingState.Failed, $"pod {setting.Pod} is not known, and not every pod could be read: {pods.Problems[0]}"), IsUnknown: true);
        }
        else
        {
            switch (PodNamespace.Of(pod, node, sysctls))
            {
                case PodNamespace.Found found:
                    target = found.Target;
                    break;
                case PodNamespace.Gone gone:
                    return new Result(null, new Outcome(SettingState.NamespaceGone, gone.Reason));
                case var other:
                    return Refuse(((PodNamespace.Refused)other).Reason) with { HasNoNamespace = !pod.Metadata.Annotations.ContainsKey(Pod.NetworkNamespaceAnnotation) };
            }
        }

        if (sysctls.Read(target, knob.Sysctl) is not { } current)
        {
            return Refuse($"{knob.Sysctl} does not exist in {target.Namespace.Path}");
        }

        if (knob.Value is KnobValue.Names names)
        {
            if (names.Missing(value, !target.Namespace.IsHost, ReadOnNode) is { Length: > 0 } missing)
            {
                return Refuse(missing);
            }

            value = names.InKernelOrder(value, ReadOnNode);
        }

        if (Misfit(knob, value, together, target) is { Length: > 0 } misfit)
        {
            return Refuse(misfit);
        }

        var claim = new Claim(setting, knob, value, target, current);
        var known = held.Find(claim.Key);
        if (knob.RefusalInPlaceOf(known?.Before ?? current, value) is { Length: > 0 } refusal)
        {
            return Refuse(refusal);
        }

        if (known is not null && known.Setting == setting.Name && known.RevertAt == setting.RevertAt && setting.RevertAt <= time.GetUtcNow())
        {
            return new Result(null, new Outcome(SettingState.Failed, "its time has passed, and what held before could not be put back yet", known.Before, current), IsUnknown: true);
        }

        if (known is null && setting.RevertAt <= time.GetUtcNow())
        {
            return Refuse($"its revertAt, {setting.RevertAt:O}, had passed before it could be applied");
        }

        if (known is null)
        {
            try
            {
                sysctls.RequireWritable(target, knob.Sysctl);
            }
            catch (SysctlException e)
            {
                return Refuse($"{e.Message} ({target.Namespace.Path})");
            }
        }

        return new Result(claim, null);
    }

    /// <summary>As it was tried; once more, where what brings the sysctl was loaded since.</summary>
    private SysctlScope ScopeOf(Knob knob)
    {
        if (trial.ScopeOf(knob.Sysctl) == SysctlScope.Absent && ReadOnNode(knob.Sysctl) is not null)
        {
            trial.Run();
        }

        return trial.ScopeOf(knob.Sysctl);
    }

    private string? ReadOnNode(string sysctl) => sysctls.Read(sysctls.Host(), sysctl);

    private string Misfit(Knob knob, string value, IReadOnlyDictionary<string, string> together, TargetNamespace target)
    {
        foreach (var order in knobs.Orders)
        {
            var refusal = knob.Sysctl == order.Smaller ? order.Refusal(value, Other(order.Larger))
                : knob.Sysctl == order.Larger ? order.Refusal(Other(order.Smaller), value)
                : "";
            if (refusal.Length > 0)
            {
                return refusal;
            }
        }

        return "";

        string? Other(string sysctl) => together.GetValueOrDefault(sysctl) ?? sysctls.Read(target, sysctl);
    }

    private static Result Refuse(string reason) => new(null, new Outcome(SettingState.Refused, reason));

    /// <summary>A claim, or else an outcome.</summary>
    /// <param name="IsUnknown">It could not be found out; what is held for the setting goes on being held.</param>
    /// <param name="HasExpired">It was held until its time had passed.</param>
    /// <param name="HasNoNamespace">The pod that it names is not there, or has no process yet or any more.</param>
    public sealed record Result(Claim? Claim, Outcome? Outcome, bool IsUnknown = false, bool HasExpired = false, bool HasNoNamespace = false);
}
