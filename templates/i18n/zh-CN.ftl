# Postrider 自己说的话，简体中文。

## 日期

date-long = { $year } 年 { $number } 月 { $day } 日
date-short = { $number } 月 { $day } 日
date-time = { $year } 年 { $number } 月 { $day } 日{ $weekday } { $time }
month-1 = 一月
month-2 = 二月
month-3 = 三月
month-4 = 四月
month-5 = 五月
month-6 = 六月
month-7 = 七月
month-8 = 八月
month-9 = 九月
month-10 = 十月
month-11 = 十一月
month-12 = 十二月
month-short-1 = 1 月
month-short-2 = 2 月
month-short-3 = 3 月
month-short-4 = 4 月
month-short-5 = 5 月
month-short-6 = 6 月
month-short-7 = 7 月
month-short-8 = 8 月
month-short-9 = 9 月
month-short-10 = 10 月
month-short-11 = 11 月
month-short-12 = 12 月
weekday-1 = 星期一
weekday-2 = 星期二
weekday-3 = 星期三
weekday-4 = 星期四
weekday-5 = 星期五
weekday-6 = 星期六
weekday-7 = 星期日
