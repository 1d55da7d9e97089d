namespace NetPulse.Telemetry.Tests.Query;

/// <summary>Random queries over the supported language, about <see cref="QueryData"/>.</summary>
internal sealed class QueryGenerator(Random random)
{
    private static readonly string[] Ranges = ["30s", "1m", "2m30s", "5m", "17m"];

    public string Query() => random.Next(12) == 0 ? Scalar(2) : Vector(3);

    private string Vector(int depth) => depth == 0 ? Selector() : random.Next(11) switch
    {
        0 => Selector(),
        1 => OverWindow(),
        2 => OverWindow(),
        3 => $"{Pick("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")}{By()} ({Vector(depth - 1)})",
        4 => random.Next(3) switch
        {
            0 => $"{Pick("topk", "bottomk")}{By()}({random.Next(4)}, {Pick("temperature", "limit")} + {Pick("0", "3")})",
            1 => $"quantile{By()}({Quantile()}, {Vector(depth - 1)})",
            _ => $"count_values{By()}(\"v\", floor({Pick("temperature", "limit")} / 20))",
        },
        5 => $"({Vector(depth - 1)}) {Arithmetic()} {Fraction()}",
        6 => $"{Fraction()} {Comparison()} ({Vector(depth - 1)})",
        7 => Matched(),
        8 => $"({Vector(depth - 1)}) {Pick("and", "or", "unless")}{Pick("", " on(pod)", " ignoring(node)", " on()")} ({Vector(depth - 1)})",
        9 => Function(depth),
        _ => $"-({Vector(depth - 1)})",
    };

    private string Selector() => random.Next(9) switch
    {
        0 => "requests_total{pod=~\"a.*|b-1\"}",
        1 => "temperature{pod!=\"a-1\",node!~\"n[2-9]\"}",
        2 => "temperature",
        3 => "limit{kind=\"soft\"}",
        4 => $"requests_total offset {Pick("1m", "90s", "-2m")}",
        5 => "odd",
        6 => "errors_total{app=~\"[ab]\",missing=\"\"}",
        7 => "node_info",
        _ => $"limit @ {Pick("end()", "start()")}",
    };

    private string Counter() => Pick("requests_total", "errors_total{node=\"n1\"}", "latency_bucket", "temperature", "odd", "{pod=\"a-1\",__name__=\"errors_total\"}");

    private string Range() => random.Next(6) == 0
        ? $"({Pick("temperature", "rate(requests_total[1m])", "sum by (pod) (limit)")})[{Pick(Ranges)}:{Pick("30s", "1m", "")}]"
        : $"{Counter()}[{Pick(Ranges)}]{Pick("", "", "", " offset 1m", " @ end()")}";

    private string OverWindow() => random.Next(8) switch
    {
        0 => $"quantile_over_time({Quantile()}, {Range()})",
        1 => $"predict_linear({Counter()}[{Pick(Ranges)}], {random.Next(600)})",
        2 => $"holt_winters({Range()}, 0.3, 0.6)",
        3 => $"histogram_quantile({Quantile()}, {Pick("", "sum by (le) ", "sum by (pod, le) ")}(rate(latency_bucket[{Pick(Ranges)}])))",
        4 => $"{Pick("rate", "increase", "irate")}({Range()})",
        _ => Pick("rate", "increase", "irate", "delta", "idelta", "deriv", "resets", "changes", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time",
            "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time", "absent_over_time") + $"({Range()})",
    };

    private string Matched() => random.Next(9) switch
    {
        0 => $"errors_total {Arithmetic()} requests_total",
        1 => $"rate(errors_total[5m]) {Arithmetic()} on(pod, node) rate(requests_total[5m])",
        2 => $"requests_total {Arithmetic()} on(node) group_left(zone) node_info",
        3 => $"node_info {Arithmetic()} on(node) group_right() temperature",
        4 => $"temperature {Comparison()} ignoring(node, app, kind) group_left(kind) limit",
        5 => $"errors_total {Comparison()} requests_total",
        7 => "requests_total % ignoring(missing) errors_total",
        6 => "sum by (pod) (limit) atan2 sum by (pod) (temperature)",
        _ => $"limit {Arithmetic()} ignoring(kind) {Pick("limit", "max by (pod) (temperature)")}",
    };

    private string Function(int depth) => random.Next(12) switch
    {
        0 => $"clamp({Vector(depth - 1)}, {Fraction()}, 60)",
        1 => $"{Pick("clamp_min", "clamp_max", "round")}({Vector(depth - 1)}, {Pick("0.5", "3", "12.25")})",
        2 => $"label_replace({Selector()}, \"{Pick("to", "pod", "app")}\", \"{Pick("$1", "x-${2}", "$1_$2", "", "$$")}\", \"pod\", \"{Pick("(.)-(.)", "(a).*", ".*", "b-(?P<n>\\\\d+)")}\")",
        3 => $"label_join({Selector()}, \"joined\", \"/\", \"pod\", \"node\")",
        4 => $"absent({Pick("none{a=\"b\",c=~\"d\"}", "temperature{pod=\"a-1\"}", "sum(none)")})",
        5 => $"timestamp({Vector(1)})",
        6 => $"vector({Scalar(1)})",
        7 => $"{Pick("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year")}({Pick("", "vector(time() * 3.7)", "timestamp(temperature)")})",
        8 => $"{Pick("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad")}({Pick("limit", "temperature / 100")})",
        9 => $"{Pick("sort", "sort_desc")}({Vector(depth - 1)})",
        _ => $"{Pick("abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "round")}({Vector(depth - 1)})",
    };

    private string Scalar(int depth) => depth == 0 ? Fraction() : random.Next(6) switch
    {
        0 => "time()",
        1 => $"scalar({Pick("sum(temperature)", "limit", "max(none)")})",
        2 => $"{Scalar(depth - 1)} {Arithmetic()} {Scalar(depth - 1)}",
        3 => $"{Scalar(depth - 1)} {Pick("==", "!=", "<", "<=", ">", ">=")} bool {Scalar(depth - 1)}",
        4 => "(time() % 7)",
        _ => $"-{Fraction()}",
    };

    private string By() => Pick("", " by (pod)", " by (node, app)", " without (pod)", " by ()", " without (node, kind)", " by (__name__)");

    private string Arithmetic() => Pick("+", "-", "*", "/", "^");

    private string Comparison() => Pick("==", "!=", "<", "<=", ">", ">=") + Pick("", " bool");

    private string Fraction() => Pick("0", "1", "2.5", "50", "0x10", "1e3", "Inf", "NaN");

    private string Quantile() => Pick("0", "0.5", "0.95", "0.999", "1", "-1", "2");

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];
}
