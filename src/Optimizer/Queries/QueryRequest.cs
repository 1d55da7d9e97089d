using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Queries;

/// <summary>The parameters of a request, from its address and, of a POST, from its form.</summary>
internal sealed class QueryRequest
{
    private const int LongestForm = 1 << 20;

    private readonly IQueryCollection address;
    private readonly IFormCollection? form;
    private readonly DateTimeOffset now;

    private QueryRequest(IQueryCollection address, IFormCollection? form, DateTimeOffset now)
    {
        this.address = address;
        this.form = form;
        this.now = now;
    }

    /// <exception cref="BadHttpRequestException">The form is longer than 1 MiB.</exception>
    public static async Task<QueryRequest> ReadAsync(HttpContext context, DateTimeOffset now)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = LongestForm;
        }

        return new QueryRequest(
            context.Request.Query, context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : null, now);
    }

    public string Query => Text("query") ?? throw Bad("query", "it is missing");

    /// <summary>The name of the one metric that is asked for; <see langword="null"/>: all.</summary>
    public string? Metric => Text("metric");

    public DateTimeOffset At => Time("time", now);

    /// <exception cref="PromQlException">A parameter is missing, or none.</exception>
    public QuerySteps Steps
    {
        get
        {
            var from = Time("start", null);
            var to = Time("end", null);
            var step = Duration("step") ?? throw Bad("step", "it is missing");
            return to < from ? throw Bad("end", "end timestamp must not be before start time")
                : step < TimeSpan.FromMilliseconds(1) ? throw Bad("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
                : new QuerySteps(from, to, step);
        }
    }

    /// <summary>The time that is asked for, without bounds all of it.</summary>
    public TimeRange Range => new(Time("start", DateTimeOffset.UnixEpoch), Time("end", now.AddDays(1)));

    public TimeSpan? Timeout => Duration("timeout") is { } asked && asked < TimeSpan.Zero ? throw Bad("timeout", "it is negative") : Duration("timeout");

    /// <summary>Nothing stands for every series.</summary>
    public IReadOnlyList<SeriesSelector> Selectors => [.. Texts("match[]").Select(static text => PromQlParser.ParseSelector(text!))];

    /// <summary>How many results at most; <see langword="null"/>: all.</summary>
    public int? Limit => Text("limit") is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? (limit == 0 ? null : limit)
        : throw Bad("limit", "it is no number");

    private string? Text(string name) => Texts(name) is [{ Length: > 0 } text, ..] ? text : null;

    private StringValues Texts(string name) => form is not null && form.TryGetValue(name, out var values) ? StringValues.Concat(values, address[name]) : address[name];

    private DateTimeOffset Time(string name, DateTimeOffset? otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise ?? throw Bad(name, "it is missing");
        }

        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return DateTimeOffset.FromUnixTimeMilliseconds((long)decimal.Round(seconds * 1000));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
            : throw Bad(name, $"cannot parse \"{text}\" to a valid timestamp");
    }

    private TimeSpan? Duration(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds / 2)
        {
            return TimeSpan.FromMilliseconds((long)(seconds * 1000));
        }

        return PromQlDuration.TryParse(text, out var duration) ? duration : throw Bad(name, $"cannot parse \"{text}\" to a valid duration");
    }

    private static PromQlException Bad(string name, string why) => new(PromQlFault.Refused, $"invalid parameter \"{name}\": {why}");
}
