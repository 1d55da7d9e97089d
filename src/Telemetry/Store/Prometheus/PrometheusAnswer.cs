using System.Text.Json;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Http;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Takes in an answer of the query API, series by series.</summary>
/// <remarks>Source: prometheus.io/docs/prometheus/latest/querying/api. What it does not name is skipped (warnings, statistics, native histograms).</remarks>
internal sealed class PrometheusAnswer
{
    private readonly List<TimeSeries> series = [];
    private readonly List<LabelSet> labelSets = [];
    private readonly List<string> texts = [];
    private readonly List<Label> labels = [];
    private readonly IncomingSeries points = new();
    private string top = "";
    private string part = "";
    private string field = "";
    private string label = "";
    private bool hasMetric;
    private bool hasPoints;
    private bool hasValue;
    private long? at;

    /// <summary>As the server names it: matrix, vector, scalar or string; empty for lists.</summary>
    public string ResultType { get; private set; } = "";

    public bool HasData { get; private set; }

    /// <summary>Of a matrix or vector.</summary>
    public IReadOnlyList<TimeSeries> Series => series;

    /// <summary>Of a list of series.</summary>
    public IReadOnlyCollection<LabelSet> LabelSets => labelSets;

    /// <summary>Of a list of names or values, and of a string.</summary>
    public IReadOnlyCollection<string> Texts => texts;

    public JsonTokens Decoder() => new(Handle);

    /// <exception cref="FormatException">The answer had no such thing.</exception>
    public QueryAnswer Query()
    {
        Demand(HasData && ResultType.Length > 0, "no result");
        return ResultType switch
        {
            "scalar" when points.Take(LabelSet.Empty) is { Count: 1 } one => new QueryAnswer.Scalar(one.UnixMilliseconds.Span[0], one.Values.Span[0]),
            "string" when texts.Count == 1 => new QueryAnswer.Text(at ?? 0, texts[0]),
            "vector" => new QueryAnswer.Vector([.. series.Select(static one => new VectorSample(one.Labels, one.UnixMilliseconds.Span[0], one.Values.Span[0]))]),
            "matrix" => new QueryAnswer.Matrix(series),
            _ => throw new FormatException($"a result of type {ResultType} is not understood"),
        };
    }

    private void Handle(ref Utf8JsonReader reader)
    {
        switch (reader.CurrentDepth)
        {
            case 0:
                Demand(reader.TokenType is JsonTokenType.StartObject or JsonTokenType.EndObject, "no object");
                break;
            case 1 when reader.TokenType == JsonTokenType.PropertyName:
                top = reader.GetString()!;
                break;
            case 1 when top == "data":
                HasData |= reader.TokenType == JsonTokenType.StartArray;
                break;
            case >= 2 when top == "data":
                HandleData(ref reader);
                break;
        }
    }

    private void HandleData(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        if (depth == 2)
        {
            HandleMember(ref reader);
        }
        else if (part != "result")
        {
            HandleLabels(ref reader, 3);
        }
        else if (depth == 3)
        {
            HandleElement(ref reader);
        }
        else if (depth == 4 && reader.TokenType == JsonTokenType.PropertyName)
        {
            field = reader.GetString()!;
        }
        else if (depth == 4)
        {
            hasMetric |= field == "metric" && reader.TokenType == JsonTokenType.StartObject;
            hasPoints |= field is "values" or "value" && reader.TokenType == JsonTokenType.StartArray;
        }
        else if (field == "metric")
        {
            HandleLabels(ref reader, 5);
        }
        else if ((field == "values" && depth == 6) || (field == "value" && depth == 5))
        {
            HandlePoint(ref reader);
        }
        else
        {
            Demand(field != "values" || reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray, "a point that is none");
            Demand(field != "values" || reader.TokenType != JsonTokenType.EndArray || hasValue, "a point without a value");
            hasValue = false;
        }
    }

    /// <summary>Of <c>data</c>: a member of the object, or an element of the list.</summary>
    private void HandleMember(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                part = reader.GetString()!;
                break;
            case JsonTokenType.String when part == "resultType":
                ResultType = reader.GetString()!;
                break;
            case JsonTokenType.String when part.Length == 0:
                texts.Add(reader.GetString()!);
                break;
            case JsonTokenType.StartArray when part == "result":
                HasData = true;
                break;
            case JsonTokenType.EndObject when part.Length == 0:
                labelSets.Add(LabelSet.From(labels));
                labels.Clear();
                break;
        }
    }

    /// <summary>Of <c>result</c>: a series, or one half of a scalar or string.</summary>
    private void HandleElement(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            Demand(hasMetric && hasPoints && at is null, "a series without metric or values");
            var taken = points.Take(LabelSet.From(labels));
            if (taken.Count > 0)
            {
                series.Add(taken);
            }

            labels.Clear();
            (hasMetric, hasPoints) = (false, false);
        }
        else if (ResultType == "string" && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString()!);
        }
        else if (reader.TokenType != JsonTokenType.StartObject)
        {
            HandlePoint(ref reader);
        }
    }

    private void HandleLabels(ref Utf8JsonReader reader, int depth)
    {
        Demand(reader.CurrentDepth == depth && reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String, "a label that is none");
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            label = reader.GetString()!;
        }
        else
        {
            labels.Add(new Label(label, reader.GetString()!));
        }
    }

    private void HandlePoint(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            var milliseconds = Math.Round(reader.GetDouble() * 1000);
            Demand(at is null && Math.Abs(milliseconds) < long.MaxValue, "a time that is none");
            at = (long)milliseconds;
        }
        else if (reader.TokenType == JsonTokenType.String && at is { } time && DecimalText.TryParse(reader.ValueSpan, out var value))
        {
            points.Add(time, value);
            at = null;
            hasValue = true;
        }
        else
        {
            throw new FormatException("a value that is none");
        }
    }

    private static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FormatException(otherwise);
        }
    }
}
