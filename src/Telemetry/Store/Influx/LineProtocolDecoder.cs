using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>What the lines of one request held.</summary>
/// <param name="Samples">Of the good lines.</param>
/// <param name="Lines">How many there were, comments and empty ones left out.</param>
/// <param name="Refused">The bad ones, in order.</param>
/// <param name="TextsDropped">Fields whose values are texts, which no series can hold.</param>
public sealed record LineProtocolBatch(IReadOnlyList<Sample> Samples, int Lines, IReadOnlyList<RefusedLine> Refused, int TextsDropped);

/// <param name="Number">From 1.</param>
public readonly record struct RefusedLine(int Number, string Reason);

/// <summary>Reads Influx line protocol. A field becomes a series named <c>measurement_field</c>, or only <c>measurement</c> for a field named <c>value</c>; tags become labels.</summary>
/// <remarks>
/// Source: docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference. What PromQL cannot name becomes an underscore. Booleans are 1 and 0;
/// integers beyond 2^53 are rounded to a double. Times are kept in milliseconds.
/// </remarks>
public sealed class LineProtocolDecoder
{
    private const string PlainField = "value";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly long LatestUnixMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly TimeUnit unit;
    private readonly long now;
    private readonly LineProtocolLimits limits;
    private readonly List<Sample> samples = [];
    private readonly List<RefusedLine> refused = [];
    private readonly Dictionary<byte[], LabelSet> known = new(BytesComparer.Instance);
    private readonly List<byte> key = [];
    private readonly List<byte> unescaped = [];
    private int texts;

    private LineProtocolDecoder(TimeUnit unit, DateTimeOffset now, LineProtocolLimits limits)
    {
        this.unit = unit;
        this.now = now.ToUnixTimeMilliseconds();
        this.limits = limits;
    }

    /// <param name="request">The lines, unpacked.</param>
    /// <param name="unit">In which their times count.</param>
    /// <param name="now">The time of lines that name none.</param>
    /// <param name="limits">What is more than these is refused.</param>
    public static LineProtocolBatch Decode(ReadOnlySpan<byte> request, TimeUnit unit, DateTimeOffset now, LineProtocolLimits limits)
    {
        var decoder = new LineProtocolDecoder(unit, now, limits);
        var lines = decoder.Read(request);
        return new LineProtocolBatch(decoder.samples, lines, decoder.refused, decoder.texts);
    }

    private int Read(ReadOnlySpan<byte> rest)
    {
        var lines = 0;
        var number = 0;
        while (!rest.IsEmpty)
        {
            var end = EndOfLine(rest);
            var line = rest[..end].TrimEnd((byte)'\r').TrimStart(" \t\0"u8);
            number++;
            if (!line.IsEmpty && line[0] != '#')
            {
                lines++;
                ReadLine(line, number);
            }

            // a text may hold line breaks
            number += rest[..end].Count((byte)'\n');
            rest = rest[Math.Min(end + 1, rest.Length)..];
        }

        return lines;
    }

    private void ReadLine(ReadOnlySpan<byte> line, int number)
    {
        var before = samples.Count;
        try
        {
            Parse(line);
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException or ArgumentException)
        {
            // a line counts whole or not at all
            CollectionsMarshal.SetCount(samples, before);
            refused.Add(new RefusedLine(number, e is DecoderFallbackException ? "invalid UTF-8" : e.Message));
        }
    }

    private void Parse(ReadOnlySpan<byte> line)
    {
        if (line.Length > limits.LineBytes)
        {
            throw new FormatException($"the line has {line.Length} bytes; {limits.LineBytes} are allowed");
        }

        var series = line[..Until(line, ' ')];
        if (series.IsEmpty || series[0] == ',')
        {
            throw new FormatException("missing measurement");
        }

        var rest = line[series.Length..].TrimStart((byte)' ');
        if (rest.IsEmpty)
        {
            throw new FormatException("missing fields");
        }

        var fields = rest[..EndOfFields(rest)];
        var at = Time(rest[fields.Length..].Trim((byte)' '));
        while (!fields.IsEmpty)
        {
            var name = fields[..Until(fields, '=')];
            if (name.IsEmpty || name.Length == fields.Length)
            {
                throw new FormatException("a field without a name or a value");
            }

            fields = fields[(name.Length + 1)..];
            var value = fields[..EndOfValue(fields)];
            fields = fields[value.Length..];
            if (!fields.IsEmpty && fields is [_])
            {
                throw new FormatException("a comma without a field after it");
            }

            fields = fields.IsEmpty ? fields : fields[1..];
            if (Value(value) is { } number)
            {
                Add(series, name, at, number);
            }
            else
            {
                texts++;
            }
        }
    }

    private void Add(ReadOnlySpan<byte> series, ReadOnlySpan<byte> field, long at, double value)
    {
        if (samples.Count == limits.Samples)
        {
            throw new FormatException($"the request has more than {limits.Samples} fields");
        }

        key.Clear();
        key.AddRange(series);
        key.Add(0);
        key.AddRange(field);
        var cache = known.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!cache.TryGetValue(CollectionsMarshal.AsSpan(key), out var labels))
        {
            labels = Labels(series, field);
            known.Add([.. key], labels);
        }

        samples.Add(new Sample(labels, at, value));
    }

    private LabelSet Labels(ReadOnlySpan<byte> series, ReadOnlySpan<byte> field)
    {
        var measurement = series[..Until(series, ',')];
        var rest = series[measurement.Length..];
        var name = Text(measurement);
        var fieldName = Text(field);
        var labels = new List<Label> { new(LabelSet.MetricName, MetricName(fieldName == PlainField ? name : $"{name}_{fieldName}")) };
        while (!rest.IsEmpty)
        {
            rest = rest[1..];
            var tag = rest[..Until(rest, ',')];
            rest = rest[tag.Length..];
            var tagName = tag[..Until(tag, '=')];
            if (tagName.IsEmpty || tagName.Length >= tag.Length - 1 || Until(tag[(tagName.Length + 1)..], '=') < tag.Length - tagName.Length - 1)
            {
                throw new FormatException(tagName.IsEmpty ? "missing tag key" : tagName.Length >= tag.Length - 1 ? "missing tag value" : "invalid tag format");
            }

            if (labels.Count > limits.Tags)
            {
                throw new FormatException($"more than {limits.Tags} tags");
            }

            labels.Add(new Label(LabelName(Text(tagName)), Text(tag[(tagName.Length + 1)..])));
        }

        return LabelSet.From(labels);
    }

    private long Time(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return now;
        }

        if (!Utf8Parser.TryParse(text, out long number, out var used) || used != text.Length)
        {
            throw new FormatException("bad timestamp");
        }

        var milliseconds = unit.ToMilliseconds(number);
        return milliseconds >= 0 && milliseconds <= LatestUnixMilliseconds ? (long)milliseconds : throw new FormatException($"the time {number} is no date");
    }

    /// <returns><see langword="null"/> of a text.</returns>
    private static double? Value(ReadOnlySpan<byte> text)
    {
        if (text.Length > 1 && text[0] == '"' && text[^1] == '"')
        {
            return null;
        }

        if (text.Length > 0 && text[0] is (byte)'t' or (byte)'T' or (byte)'f' or (byte)'F')
        {
            return Boolean(text) ? 1 : 0;
        }

        var isWhole = text.Length > 0 && text[^1] is (byte)'i' or (byte)'u';
        var digits = isWhole ? text[..^1] : text;
        int used;
        var isValid = !isWhole ? Utf8Parser.TryParse(digits, out double number, out used) && double.IsFinite(number)
            : text[^1] == 'i' ? Whole(Utf8Parser.TryParse(digits, out long signed, out used), signed, out number)
            : Whole(Utf8Parser.TryParse(digits, out ulong natural, out used), natural, out number);
        return isValid && used == digits.Length ? number : throw Invalid(text);
    }

    private static bool Whole(bool isValid, double value, out double number)
    {
        number = value;
        return isValid;
    }

    private static bool Boolean(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("t"u8) || text.SequenceEqual("T"u8) || text.SequenceEqual("true"u8) || text.SequenceEqual("True"u8) || text.SequenceEqual("TRUE"u8)
        || (text.SequenceEqual("f"u8) || text.SequenceEqual("F"u8) || text.SequenceEqual("false"u8) || text.SequenceEqual("False"u8) || text.SequenceEqual("FALSE"u8)
            ? false
            : throw new FormatException("invalid boolean"));

    private static FormatException Invalid(ReadOnlySpan<byte> value) => value switch
    {
        [] => new FormatException("missing field value"),
        [(byte)'"', ..] => new FormatException("unbalanced quotes"),
        _ => new FormatException($"invalid number \"{Encoding.UTF8.GetString(value[..Math.Min(value.Length, 40)])}\""),
    };

    private string Text(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'\\'))
        {
            return StrictUtf8.GetString(escaped);
        }

        unescaped.Clear();
        for (var i = 0; i < escaped.Length; i++)
        {
            // before any other character the backslash stands for itself
            if (escaped[i] != '\\' || i + 1 == escaped.Length || escaped[i + 1] is not ((byte)',' or (byte)' ' or (byte)'='))
            {
                unescaped.Add(escaped[i]);
            }
        }

        return StrictUtf8.GetString(CollectionsMarshal.AsSpan(unescaped));
    }

    private static string MetricName(string name) => Named(name, static c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    private static string LabelName(string name) =>
        Named(name, static c => char.IsAsciiLetterOrDigit(c) || c == '_') is var label && label != LabelSet.MetricName ? label : throw new FormatException("a tag may not be named __name__");

    private static string Named(string name, Func<char, bool> allowed)
    {
        var kept = name.All(allowed) ? name : string.Concat(name.Select(c => allowed(c) ? c : '_'));
        return char.IsAsciiDigit(kept[0]) ? "_" + kept : kept;
    }

    /// <summary>Where the character first stands without a backslash before it.</summary>
    private static int Until(ReadOnlySpan<byte> text, char character)
    {
        var escaped = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == character && !escaped)
            {
                return i;
            }

            escaped = text[i] == '\\' && !escaped;
        }

        return text.Length;
    }

    /// <summary>A space ends the fields, except within a text.</summary>
    private static int EndOfFields(ReadOnlySpan<byte> text)
    {
        var end = 0;
        while (end < text.Length && text[end] != ' ')
        {
            end += Until(text[end..], '=');
            end += end < text.Length ? 1 : 0;
            end += EndOfValue(text[end..], orAt: ' ');
            if (end < text.Length && text[end] == ',')
            {
                end++;
            }
        }

        return end;
    }

    private static int EndOfValue(ReadOnlySpan<byte> text, char orAt = ',')
    {
        var isText = !text.IsEmpty && text[0] == '"';
        var escaped = false;
        for (var i = isText ? 1 : 0; i < text.Length; i++)
        {
            if (!isText && (text[i] == ',' || text[i] == orAt))
            {
                return i;
            }

            isText &= escaped || text[i] != '"';
            escaped = text[i] == '\\' && !escaped;
        }

        return text.Length;
    }

    /// <summary>A line ends at a line break that is not within a text.</summary>
    private static int EndOfLine(ReadOnlySpan<byte> text)
    {
        var firstBreak = text.IndexOf((byte)'\n');
        var first = firstBreak < 0 ? text : text[..firstBreak];
        if (!first.Contains((byte)'"') || first[0] == '#')
        {
            return first.Length;
        }

        var inFields = false;
        var inText = false;
        var mayBeText = false;
        var escaped = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n' && !inText)
            {
                return i;
            }

            if (inText)
            {
                inText = c != '"' || escaped;
            }
            else
            {
                inText = mayBeText && c == '"';
                inFields |= c == ' ' && !escaped;
                mayBeText = inFields && c == '=' && !escaped;
            }

            escaped = c == '\\' && !escaped;
        }

        // a text without an end takes its own line with it, not all that follow
        return inText ? first.Length : text.Length;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
