namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Somebody on the path drops what comes faster than allowed: round trips stay, and the rate has a ceiling.</summary>
/// <remarks>A congestion control that answers less to loss only loses more.</remarks>
public sealed class Policer : ICauseRule
{
    /// <summary>Peak of the rate per mean below which something keeps it from growing.</summary>
    internal const double Ceiling = 1.25;

    public CauseDescription About { get; } = new(
        Cause.Policer,
        Strength.Shape,
        "segments are sent again, round trips are those of the path, and no reading is much above the mean rate",
        "a rate that varies, round trips that grow",
        "no sysctl raises what is allowed: ask who polices the path, or shape to that rate");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "over 0.2 %", share => share > 0.002)
            .Needs("round-trip time", measured.RoundTripTime?.TotalSeconds, measured.LowestRoundTripTime?.TotalSeconds, Text.Seconds, $"at most 1.4 times the {Text.Time(measured.LowestRoundTripTime)} of the path", (rtt, least) => rtt <= (1.4 * least) + 0.002)
            .Needs("peak of the rate per mean", measured.PeakToMean, Text.Ratio, $"at most {Ceiling}", peak => peak <= Ceiling)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), $"below 80 % of the {measured.BestThroughput} seen before", measured.Throughput.Value < 0.8 * measured.BestThroughput.Value))
            .Needs("time looked at", (evidence.Range.To - evidence.Range.From).TotalSeconds, Text.Seconds, "at least 10 s", seconds => seconds >= 10)
            .Needs("sent again in vain", measured.SpuriousShare, Text.Percent, "below half", share => share < 0.5)
            .Needs("payload of a segment sent again", measured.RetransmitBytes, Text.Bytes, "large, as in a bulk transfer", bytes => bytes > 600)
            .Judge($"something on the path of {measured.Edge} drops what comes faster than about {measured.Throughput}", 1);
    }
}
