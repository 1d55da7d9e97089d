using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Store;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Query;

public sealed class PromQlParserTests
{
    [Theory]
    [InlineData("", "1:1", "no expression")]
    [InlineData("sum(", "1:5", "unexpected end of input")]
    [InlineData("a +\n  nothing_known(b)", "2:3", "unknown function with name \"nothing_known\"")]
    [InlineData("histogram_count(a)", "1:1", "histogram_count")]
    [InlineData("rate(a)", "1:6", "expected type range vector in call to function \"rate\", got instant vector")]
    [InlineData("rate(a[5m], 1)", "1:1", "expected 1 argument(s)")]
    [InlineData("a[5m] + 1", "1:7", "binary expression must contain only scalar and instant vector types")]
    [InlineData("1 == 1", "1:3", "BOOL modifier")]
    [InlineData("a and 1", "1:3", "set operator and not allowed")]
    [InlineData("a + on(x) 1", "1:5", "vector matching only allowed between instant vectors")]
    [InlineData("a and on(x) group_left b", "1:13", "no grouping allowed")]
    [InlineData("a + on(x) group_left(x) b", "1:11", "ON and GROUP")]
    [InlineData("a + bool b", "1:5", "bool modifier")]
    [InlineData("{a=\"\"}", "1:1", "at least one non-empty matcher")]
    [InlineData("a{b=c}", "1:5", "expected a string")]
    [InlineData("a{b=~\"(\"}", "1:6", "parenthesis")]
    [InlineData("a{__name__=\"b\"}", "1:3", "must not be set twice")]
    [InlineData("a[5x]", "1:3", "bad number or duration")]
    [InlineData("a[0s]", "1:3", "greater than 0")]
    [InlineData("a[5m", "1:5", "expected \"]\"")]
    [InlineData("a offset 5", "1:10", "expected a duration")]
    [InlineData("sum(a) offset 5m", "1:8", "offset modifier")]
    [InlineData("a @ b", "1:5", "timestamp out of bounds")]
    [InlineData("topk(a, b)", "1:6", "expected type scalar")]
    [InlineData("sum(a, b)", "1:6", "wrong number of arguments")]
    [InlineData("\"a", "1:1", "unterminated")]
    [InlineData("\"\\q\"", "1:2", "unknown escape")]
    [InlineData("a ~ b", "1:3", "unexpected character: '~'")]
    [InlineData("a b", "1:3", "unexpected identifier \"b\"")]
    public void What_is_not_known_is_refused_with_its_place_and_name(string query, string place, string words)
    {
        var e = Assert.Throws<PromQlException>(() => PromQlParser.Parse(query));
        Assert.Equal(PromQlFault.Refused, e.Fault);
        Assert.StartsWith($"{place}: parse error: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_bind_as_in_Prometheus()
    {
        var or = Assert.IsType<PromQlExpression.Binary>(PromQlParser.Parse("-a ^ 2 ^ 3 * b == c and d or e"));
        Assert.Equal(BinaryOperator.Or, or.Operator);
        var and = Assert.IsType<PromQlExpression.Binary>(or.Left);
        var equal = Assert.IsType<PromQlExpression.Binary>(and.Left);
        var times = Assert.IsType<PromQlExpression.Binary>(equal.Left);
        Assert.Equal((BinaryOperator.And, BinaryOperator.Equal, BinaryOperator.Multiply), (and.Operator, equal.Operator, times.Operator));
        var power = Assert.IsType<PromQlExpression.Binary>(Assert.IsType<PromQlExpression.Negation>(times.Left).Inner);
        Assert.Equal(BinaryOperator.Power, Assert.IsType<PromQlExpression.Binary>(power.Right).Operator);
    }

    [Theory]
    [InlineData("sum", "sum")]
    [InlineData("by{on=\"1\"}", "by")]
    [InlineData("job:rate5m:sum", "job:rate5m:sum")]
    [InlineData("# why\noffset", "offset")]
    public void Words_of_the_language_may_name_metrics(string query, string name) =>
        Assert.Equal(name, Assert.IsType<PromQlExpression.Selector>(PromQlParser.Parse(query)).Series.Matchers[0].Value);

    [Theory]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1y2w3d4h5m6s7ms", 33_019_506_007)]
    [InlineData("90s", 90_000)]
    public void Durations_add_up(string text, long milliseconds)
    {
        Assert.True(PromQlDuration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5m1h")]
    [InlineData("5m5m")]
    [InlineData("99999999999y")]
    public void What_is_no_duration_is_none(string text) => Assert.False(PromQlDuration.TryParse(text, out _));

    [Theory]
    [InlineData(1e21, "1000000000000000000000")]
    [InlineData(1.25e-7, "0.000000125")]
    [InlineData(-1234.5, "-1234.5")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    public void Numbers_are_written_plain(double number, string text) => Assert.Equal(text, PromQlNumber.Plain(number));

    [Fact]
    public void A_query_that_would_exhaust_the_stack_is_refused()
    {
        foreach (var query in (string[])[new string('(', 100_000), string.Concat(Enumerable.Repeat("a + ", 50_000)) + "a", string.Concat(Enumerable.Repeat("abs(", 50_000)), new string('-', 100_000)])
        {
            Assert.Throws<PromQlException>(() => PromQlParser.Parse(query));
        }
    }

    [Fact]
    public void Whatever_the_text_it_is_a_query_or_refused()
    {
        const string Noise = "()[]{}=!~<>+-*/%^@:,.\"'`\\ \n0123456789eExabmsou#é";
        var parsed = 0;
        var refused = 0;
        foreach (var seed in Fuzzing.Rounds(20_000))
        {
            var random = new Random(seed);
            var query = new QueryGenerator(random).Query().ToCharArray();
            for (var i = random.Next(4); i > 0; i--)
            {
                query[random.Next(query.Length)] = Noise[random.Next(Noise.Length)];
            }

            try
            {
                PromQlParser.Parse(new string(query));
                parsed++;
            }
            catch (PromQlException e)
            {
                Assert.Equal(PromQlFault.Refused, e.Fault);
                refused++;
            }
        }

        Assert.True(parsed > 0 && refused > 0);
    }

    [Fact]
    public void The_document_names_every_function_and_aggregation()
    {
        var document = File.ReadAllText(Path.Combine(Root(), "docs", "queries.md"));
        Assert.All(FunctionTable.All.Select(function => function.Name).Concat(PromQlParser.Aggregations.Keys), name => Assert.Contains($"`{name}`", document, StringComparison.Ordinal));
    }

    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));
}
