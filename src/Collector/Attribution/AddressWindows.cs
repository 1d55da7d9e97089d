using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Who had an address from when until when.</summary>
/// <param name="From">The least time where it was so when we began to watch.</param>
/// <param name="Until"><see langword="null"/> while it is so.</param>
public readonly record struct AddressWindow(MappedAddress Address, WorkloadIdentity Owner, DateTimeOffset From, DateTimeOffset? Until);

/// <summary>Keeps who had which address when: a pod's address is soon another pod's, and what the first did must not count for the second.</summary>
/// <remarks>Used by one thread.</remarks>
internal sealed class AddressWindows
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Dictionary<MappedAddress, List<AddressWindow>> windows = [];
    private bool hasBegun;

    /// <summary>Every window that is open or ended a short while ago.</summary>
    public IEnumerable<AddressWindow> All => windows.Values.SelectMany(static each => each);

    /// <summary>Whether there is a window that need not be remembered any longer.</summary>
    public bool HasExpired(DateTimeOffset now) => All.Any(each => IsExpired(each, now));

    /// <summary>Takes who has which address now; the first to name an address has it.</summary>
    /// <returns>Whether there was any difference.</returns>
    public bool Update(IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> present, DateTimeOffset now)
    {
        var owners = present.DistinctBy(pair => pair.Key).ToDictionary();
        var changed = false;
        foreach (var (address, of) in windows)
        {
            changed |= of.RemoveAll(each => IsExpired(each, now)) > 0;
            if (of.Count > 0 && of[^1].Until is null && (!owners.TryGetValue(address, out var owner) || owner != of[^1].Owner))
            {
                of[^1] = of[^1] with { Until = now };
                changed = true;
            }

            if (of.Count == 0)
            {
                windows.Remove(address);
            }
        }

        foreach (var (address, owner) in owners)
        {
            if (!windows.TryGetValue(address, out var of))
            {
                of = [];
                windows.Add(address, of);
            }

            if (of.Count == 0 || of[^1].Until is not null)
            {
                of.Add(new AddressWindow(address, owner, hasBegun ? now : DateTimeOffset.MinValue, null));
                changed = true;
            }
        }

        hasBegun = true;
        return changed;
    }

    /// <remarks>One that would end in times to come was closed before the clock was set back.</remarks>
    private static bool IsExpired(AddressWindow window, DateTimeOffset now) =>
        window.Until is { } until && (now - until > Remembered || until - now > Remembered);
}
