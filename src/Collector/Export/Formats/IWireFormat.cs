namespace NetPulse.Collector.Export.Formats;

/// <summary>How a destination wants samples, and what its answers mean.</summary>
internal interface IWireFormat
{
    /// <summary>One request's body, compressed.</summary>
    EncodedBody Encode(IReadOnlyList<SeriesPoints> series);

    /// <summary>The request, without authorization.</summary>
    HttpRequestMessage Post(EncodedBody body);

    ValueTask<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken);
}

/// <param name="Bytes">As they go over the wire.</param>
/// <param name="Unwritable">Samples that the format has no way to write, as an infinite value in line protocol.</param>
internal readonly record struct EncodedBody(byte[] Bytes, int Unwritable);

/// <summary>What became of a request.</summary>
internal abstract record Answer
{
    private Answer()
    {
    }

    /// <param name="RefusedSamples">Of which the destination says that it did not take them.</param>
    public sealed record Accepted(long RefusedSamples, string Problem) : Answer
    {
        public static readonly Accepted Whole = new(0, "");
    }

    /// <summary>The same request would be refused again.</summary>
    public sealed record Refused(string Problem) : Answer;

    /// <summary>The same samples in smaller requests may be taken.</summary>
    public sealed record TooLarge(string Problem) : Answer;

    /// <param name="After">How long it asked us to wait; <see langword="null"/> where it did not say.</param>
    /// <param name="InLess">Whether a smaller request has better chances.</param>
    public sealed record TryAgain(string Problem, TimeSpan? After, bool InLess = false) : Answer;
}
