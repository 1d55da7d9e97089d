using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.Sysctls;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Finds out whether a setting may be applied, changing nothing.</summary>
public sealed class SettingCheck(KnobTable knobs, NamespaceSysctls sysctls, HeldValues held, TimeProvider time)
{
    /// <returns>The claim, or what stands against it.</returns>
    public Result Of(SysctlSetting setting, PodDirectory pods, string node)
    {
        if (knobs.Find(setting.Sysctl) is not { } knob)
        {
            return Refuse($"{setting.Sysctl} is not among the sysctls that the Tuner accepts: {string.Join(", ", knobs.Knobs.Select(k => k.Sysctl))}");
        }

        if (knob.Accept(setting.Value, out var refusal) is not { } value)
        {
            return Refuse(refusal);
        }

        if (knob.Scope == KnobScope.Node && setting.Pod is not null)
        {
            return Refuse($"{knob.Sysctl} is the node's, for all network namespaces; a setting for it names no pod");
        }

        if (held.HasExpired(setting.Name, setting.RevertAt))
        {
            return new Result(null, new Outcome(SettingState.Reverted, $"what held before is back: its time, {setting.RevertAt:O}, has passed"), HasExpired: true);
        }

        try
        {
            return InNamespace(setting, pods, node, knob, value);
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

    private Result InNamespace(SysctlSetting setting, PodDirectory pods, string node, Knob knob, string value)
    {
        TargetNamespace target;
        if (setting.Pod is null)
        {
            target = sysctls.Host();
        }
        else if (pods.Find(setting.Pod) is not { } pod)
        {
            return pods.Problems.Count == 0
                ? Refuse($"there is no pod {setting.Pod} on node {node}")
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
                    return Refuse(((PodNamespace.Refused)other).Reason);
            }
        }

        if (sysctls.Read(target, knob.Sysctl) is not { } current)
        {
            return Refuse($"{knob.Sysctl} does not exist in {target.Namespace.Path}");
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

    private static Result Refuse(string reason) => new(null, new Outcome(SettingState.Refused, reason));

    /// <summary>A claim, or else an outcome.</summary>
    /// <param name="IsUnknown">It could not be found out; what is held for the setting goes on being held.</param>
    /// <param name="HasExpired">It was held until its time had passed.</param>
    public sealed record Result(Claim? Claim, Outcome? Outcome, bool IsUnknown = false, bool HasExpired = false);
}
