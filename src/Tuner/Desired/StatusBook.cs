using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>The state of each setting and since when; settings that were removed are shown for an hour more, so that whoever removed them sees what came of it.</summary>
public sealed class StatusBook(TimeProvider time)
{
    private static readonly TimeSpan ShownAfterRemoval = TimeSpan.FromHours(1);

    private readonly Dictionary<string, SettingStatus> entries = new(StringComparer.Ordinal);

    /// <summary>In the order of their names; of a workload's pods only those in which its setting does not hold.</summary>
    public IReadOnlyList<SettingStatus> Told =>
        [.. entries.Values.Where(entry => entry.State != SettingState.Applied || !WorkloadGrants.IsForPodOfWorkload(entry.Name)).OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>Goes on from what an earlier process wrote.</summary>
    public void Load(IEnumerable<SettingStatus> earlier)
    {
        foreach (var entry in earlier)
        {
            entries[entry.Name] = entry;
        }
    }

    public SettingStatus? Find(string name) => entries.GetValueOrDefault(name);

    /// <returns>Whether the state or its message is another than before.</returns>
    public bool Set(string name, Outcome outcome)
    {
        var known = entries.GetValueOrDefault(name);
        entries[name] = new SettingStatus
        {
            Name = name,
            State = outcome.State,
            Message = outcome.Message,
            Before = outcome.Before,
            Value = outcome.Value,
            Since = known is not null && known.State == outcome.State && known.Value == outcome.Value ? known.Since : time.GetUtcNow(),
        };
        return known?.State != outcome.State || known.Message != outcome.Message;
    }

    /// <summary>Drops what is no longer wanted and shows nothing that was undone: it was never applied, another setting took its place, or its hour has passed.</summary>
    /// <param name="isWanted">By name.</param>
    /// <param name="isHeld">By name.</param>
    /// <param name="isOfWorkloadStillWanted">A pod of a workload that goes is no news.</param>
    public void Prune(Func<string, bool> isWanted, Func<string, bool> isHeld, Func<string, bool> isOfWorkloadStillWanted)
    {
        var oldest = time.GetUtcNow() - ShownAfterRemoval;
        foreach (var entry in entries.Values.Where(entry => !isWanted(entry.Name) && !isHeld(entry.Name)).ToList())
        {
            if (entry.State is SettingState.Applied or SettingState.Refused or SettingState.Failed || entry.Since < oldest || isOfWorkloadStillWanted(entry.Name))
            {
                entries.Remove(entry.Name);
            }
        }
    }
}
