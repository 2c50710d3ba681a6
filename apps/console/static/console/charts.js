// Chart.js writes the zero of an axis as "0" in every language; all other numbers follow the chart's locale.
const { numeric } = Chart.Ticks.formatters;
Chart.defaults.scales.linear.ticks.callback = function (value, index, ticks) {
  return value === 0 ? (0).toLocaleString(this.chart.options.locale) : numeric.call(this, value, index, ticks);
};
