namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Adds up a counter that begins anew with another run of what it counts, though nothing in its value may show it.</summary>
/// <remarks>What there was before we first looked does not count, unless the run is younger than we are. Used by one thread at a time.</remarks>
internal sealed class RunningTotal
{
    private string? run;
    private double last;

    public double Total { get; private set; }

    /// <param name="current">Which run it is: a pod's sandbox, by its start time or its id.</param>
    /// <param name="value">The counter as it stands.</param>
    /// <param name="isYoung">Whether the run began after our first look.</param>
    public void Observe(string current, double value, bool isYoung)
    {
        if (run is null)
        {
            Total = isYoung ? value : 0;
        }
        else
        {
            Total += run == current && value >= last ? value - last : value;
        }

        run = current;
        last = value;
    }
}
