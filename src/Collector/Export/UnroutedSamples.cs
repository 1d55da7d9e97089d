using System.Diagnostics.Metrics;
using NetPulse.Collector.Sampling;

namespace NetPulse.Collector.Export;

/// <summary>Counts the samples that no destination takes, because none matches their labels.</summary>
internal sealed class UnroutedSamples : IReadingSink
{
    private readonly LabelMatch[] matches;
    private readonly Counter<long> unrouted;

    public UnroutedSamples(IEnumerable<LabelMatch> matches, Meter meter)
    {
        this.matches = [.. matches];
        unrouted = meter.CreateCounter<long>("netpulse_export_unrouted_samples", description: "Samples that were sent nowhere, because they match no destination.");
    }

    public void Take(Reading reading)
    {
        if (matches.Length == 0 || matches.Any(match => match.TakesAll))
        {
            return;
        }

        var count = 0;
        foreach (var family in reading.Families)
        {
            foreach (var sample in family.Samples)
            {
                count += Array.Exists(matches, match => match.Takes(sample.Labels)) ? 0 : 1;
            }
        }

        unrouted.Add(count);
    }
}
