using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Makes one value hold, or puts back what held before, so that a process killed at any point leaves a value that the next one can explain.</summary>
/// <remarks>Always in this order: write down what is about to be done, do it, write down that it is done.</remarks>
public sealed partial class ValueHolder(HeldValues held, NamespaceSysctls sysctls, TunerMetrics metrics, TimeProvider time, ILogger<ValueHolder> logger)
{
    /// <summary>Makes a value that was found acceptable hold.</summary>
    public Outcome Apply(Claim claim)
    {
        var known = held.Find(claim.Key);
        try
        {
            if (known is { Phase: HeldPhase.Restoring })
            {
                var restored = Restore(known, "a restore that was interrupted");
                if (restored.State == SettingState.Failed)
                {
                    return restored;
                }

                (known, claim) = (null, claim with { Current = sysctls.Read(claim.Target, claim.Knob.Sysctl) ?? claim.Current });
            }

            if (known?.IsOverriddenFor(claim) == true)
            {
                // It is this setting's from now on: ended at the time of the one before, it would be written once more.
                return Overridden(Renew(claim, known), claim.Current);
            }

            if (known?.Explains(claim.Current) == false)
            {
                // Another change, decided since: what somebody else wrote is what held before it.
                held.End(known, HeldPhase.Released);
                known = null;
            }

            return known is { Phase: HeldPhase.Held } && known.Written == claim.Value ? Applied(Renew(claim, known), claim.Knob) : Write(claim, known?.Before ?? claim.Current, known);
        }
        catch (IOException e) when (NamespaceSysctls.IsGone(e))
        {
            return held.Find(claim.Key) is { } gone ? End(gone, HeldPhase.Released, Gone(gone)) : new Outcome(SettingState.NamespaceGone, e.Message);
        }
        catch (IOException e)
        {
            return Failed(claim.Setting.Name, claim.Target.Namespace.Path, claim.Knob.Sysctl, e, known?.Before ?? "");
        }
    }

    /// <summary>Puts back what held before, unless somebody else has changed it since.</summary>
    /// <param name="why">Ends the sentence "what held before is back: …".</param>
    /// <param name="as"><see cref="HeldPhase.Released"/>, or <see cref="HeldPhase.Expired"/> to remember that its time has passed.</param>
    public Outcome Restore(HeldValue value, string why, HeldPhase @as = HeldPhase.Released) =>
        Restore(value, why, @as, new Lazy<IReadOnlyList<NetworkNamespace>>(static () => NetworkNamespaceList.Find()));

    /// <summary>Restores all of these.</summary>
    public IReadOnlyList<(HeldValue Value, Outcome Outcome)> RestoreAll(IEnumerable<HeldValue> values, string why, HeldPhase @as = HeldPhase.Released)
    {
        var everywhere = new Lazy<IReadOnlyList<NetworkNamespace>>(static () => NetworkNamespaceList.Find());
        return [.. values.Select(value => (value, Restore(value, why, @as, everywhere)))];
    }

    /// <summary>Ends what a killed process left half done, where it is not known what is wanted now: forward, as it was wanted last.</summary>
    public Outcome Finish(HeldValue value)
    {
        if (value.Phase == HeldPhase.Restoring)
        {
            return Restore(value, "a restore that was interrupted");
        }

        try
        {
            if (sysctls.Find(value.Target, new Lazy<IReadOnlyList<NetworkNamespace>>(static () => NetworkNamespaceList.Find())) is not { } target)
            {
                return End(value, HeldPhase.Released, Gone(value));
            }

            var current = sysctls.Read(target, value.Sysctl);
            if (!value.Explains(current))
            {
                return Overridden(value, current);
            }

            if (current != value.Written && sysctls.Write(target, value.Sysctl, value.Written) is var now && now != value.Written)
            {
                return new Outcome(SettingState.Failed, $"the kernel made {now} of {value.Written}", value.Before, now ?? "");
            }

            held.Put(value with { Phase = HeldPhase.Held, Replaced = null, At = time.GetUtcNow() });
            return Applied(value);
        }
        catch (IOException e)
        {
            return Failed(value.Setting, value.Path, value.Sysctl, e, value.Before);
        }
    }

    /// <summary>What holds is the claim's, with its name and its end.</summary>
    private HeldValue Renew(Claim claim, HeldValue known)
    {
        if (known.Setting != claim.Setting.Name || known.RevertAt != claim.Setting.RevertAt)
        {
            known = known with { Setting = claim.Setting.Name, RevertAt = claim.Setting.RevertAt, At = time.GetUtcNow() };
            held.Put(known);
        }

        return known;
    }

    private Outcome Write(Claim claim, string before, HeldValue? known)
    {
        var value = new HeldValue
        {
            Setting = claim.Setting.Name,
            Sysctl = claim.Knob.Sysctl,
            Path = claim.Target.Namespace.Path,
            Inode = claim.Target.Namespace.Inode,
            Cookie = claim.Target.Cookie,
            Before = before,
            Replaced = claim.Current,
            Written = claim.Value,
            Phase = HeldPhase.Writing,
            RevertAt = claim.Setting.RevertAt,
            At = time.GetUtcNow(),
            Boot = held.Boot,
        };
        held.Put(value);
        var now = sysctls.Write(claim.Target, value.Sysctl, value.Written);
        if (now != value.Written)
        {
            held.Put(value with { Written = now ?? value.Written });
            _ = Restore(value with { Written = now ?? value.Written }, $"the kernel made {now} of {value.Written}");
            return new Outcome(SettingState.Failed, $"the kernel made {now} of {value.Written}; what held before was put back", before, before);
        }

        held.Put(value with { Phase = HeldPhase.Held, Replaced = null });
        metrics.Count("applied");
        LogApplied(value.Setting, value.Path, value.Sysctl, claim.Current, value.Written, known is null ? "" : $" (before the first change: {before})");
        return Applied(value, claim.Knob);
    }

    private Outcome Restore(HeldValue value, string why, HeldPhase @as, Lazy<IReadOnlyList<NetworkNamespace>> everywhere)
    {
        try
        {
            if (sysctls.Find(value.Target, everywhere) is not { } target)
            {
                return End(value, @as, Gone(value));
            }

            var current = sysctls.Read(target, value.Sysctl);
            if (current != value.Before && !value.Explains(current))
            {
                return End(value, @as, Overridden(value, current));
            }

            if (current != value.Before)
            {
                WriteDownRestoring(value);
                if (sysctls.Write(target, value.Sysctl, value.Before) is var now && now != value.Before)
                {
                    return new Outcome(SettingState.Failed, $"the kernel made {now} of {value.Before}", value.Before, now ?? "");
                }
            }

            return End(value, @as, new Outcome(SettingState.Reverted, $"what held before is back: {why}", value.Before, value.Before), current);
        }
        catch (IOException e) when (NamespaceSysctls.IsGone(e))
        {
            return End(value, @as, Gone(value));
        }
        catch (IOException e)
        {
            return Failed(value.Setting, value.Path, value.Sysctl, e, value.Before);
        }
    }

    private void WriteDownRestoring(HeldValue value)
    {
        try
        {
            held.Put(value with { Phase = HeldPhase.Restoring, At = time.GetUtcNow() });
        }
        catch (IOException e)
        {
            // On a full disk too: killed right after the write, the next process takes it for somebody else's doing, which is harmless.
            LogNotWrittenDown(e, value.Setting);
        }
    }

    private Outcome End(HeldValue value, HeldPhase phase, Outcome outcome, string? current = null)
    {
        try
        {
            held.End(value, phase);
        }
        catch (IOException e)
        {
            // The sysctl is as it should be; only the record stays, and the next pass finds nothing left to do.
            return Failed(value.Setting, value.Path, value.Sysctl, e, value.Before);
        }

        switch (outcome.State)
        {
            case SettingState.Reverted:
                metrics.Count("reverted");
                LogReverted(value.Setting, value.Path, value.Sysctl, current ?? "", value.Before, outcome.Message);
                break;
            case SettingState.Overridden:
                metrics.Count("overridden");
                LogLeftAlone(value.Setting, value.Path, value.Sysctl, value.Written, outcome.Value);
                break;
            default:
                metrics.Count("namespace_gone");
                LogGone(value.Setting, value.Path, value.Sysctl);
                break;
        }

        return outcome;
    }

    private static Outcome Applied(HeldValue value, Knob? knob = null) =>
        new(SettingState.Applied, knob is null ? "" : KnobWords.Needed(knob.TakesEffect), value.Before, value.Written);

    private static Outcome Overridden(HeldValue value, string? current) => new(
        SettingState.Overridden,
        current == value.Before
            ? $"somebody else has put back {current}, where {value.Written} was written; it was left alone"
            : $"somebody else has written {current} where {value.Written} was written; it was left alone. Before both, {value.Before} held",
        value.Before,
        current ?? "");

    private static Outcome Gone(HeldValue value) =>
        new(SettingState.NamespaceGone, $"the network namespace that was at {value.Path} is gone, and its {value.Sysctl} with it", value.Before);

    private Outcome Failed(string setting, string path, string sysctl, IOException e, string before)
    {
        metrics.Count("failed");
        LogFailed(e, setting, path, sysctl);
        return new Outcome(SettingState.Failed, $"{e.Message}; it is tried again", before);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Setting}: {Path} {Sysctl} {Before} → {Value}{Note}")]
    private partial void LogApplied(string setting, string path, string sysctl, string before, string value, string note);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting}: that its value is put back could not be written down; it is put back all the same")]
    private partial void LogNotWrittenDown(Exception exception, string setting);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Setting}: {Path} {Sysctl} {Value} → {Before}; {Reason}")]
    private partial void LogReverted(string setting, string path, string sysctl, string value, string before, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting}: {Path} {Sysctl} was left alone: {Value} was written, somebody else made it {Current}")]
    private partial void LogLeftAlone(string setting, string path, string sysctl, string value, string current);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Setting}: {Path} is gone, and its {Sysctl} with it; nothing is left to put back")]
    private partial void LogGone(string setting, string path, string sysctl);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting}: {Path} {Sysctl} could not be read or written; it is tried again")]
    private partial void LogFailed(Exception exception, string setting, string path, string sysctl);
}
