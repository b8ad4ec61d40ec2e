#!/usr/bin/python3
"""Writes customers.yaml: 200 invented customers, the same ones each time.

    deploy/demo/make_customers.py > deploy/demo/customers.yaml

Surnames and given names are common ones put together by chance. Every number is from a range that
no real person has (see company.yaml); every address is below example.com, .net or .org.
"""

import random

COUNT = 200
TIERS = (("standard", 60), ("silver", 25), ("gold", 11), ("platinum", 4))
MANAGERS = {"zh": ("li.wei", "zhao.min"), "en": ("anna.berg", "li.wei")}
MAIL_DOMAINS = ("example.com", "example.net", "example.org")

SURNAMES_ZH = (
    "Wang 王,Li 李,Zhang 张,Liu 刘,Chen 陈,Yang 杨,Huang 黄,Zhao 赵,Wu 吴,Zhou 周,Xu 徐,Sun 孙,Ma 马,"
    "Zhu 朱,Hu 胡,Guo 郭,He 何,Lin 林,Gao 高,Luo 罗,Zheng 郑,Liang 梁,Xie 谢,Song 宋,Tang 唐,Deng 邓,"
    "Han 韩,Feng 冯,Cao 曹,Peng 彭,Zeng 曾,Xiao 肖,Tian 田,Dong 董,Pan 潘,Yuan 袁,Cai 蔡,Jiang 蒋")
GIVEN_ZH = (
    "f Yulan 玉兰,f Xiulan 秀兰,f Lihua 丽华,f Jing 静,f Xuemei 雪梅,f Meiling 美玲,f Yan 燕,f Ning 宁,"
    "f Xiaohong 晓红,f Qing 青,f Ruoxi 若曦,f Wenjing 文静,f Siyu 思雨,f Yating 雅婷,f Hong 红,"
    "m Jianguo 建国,m Wei 伟,m Qiang 强,m Lei 磊,m Jun 军,m Yong 勇,m Zhiyuan 志远,m Haoran 浩然,"
    "m Bin 斌,m Mingze 明泽,m Guoqiang 国强,m Yichen 奕辰,m Hao 浩,m Peng 鹏,m Zixuan 子轩")
SURNAMES_EN = (
    "Adams,Ahmed,Baker,Bennett,Brooks,Byrne,Campbell,Clarke,Collins,Cooper,Davies,Edwards,Evans,"
    "Fernandes,Foster,Graham,Green,Hall,Harris,Hughes,Iyer,Jackson,Jones,Kaur,Kelly,Khan,King,"
    "Lewis,Martin,Mitchell,Moore,Morgan,Murphy,Novak,O'Brien,Osei,Parker,Patel,Phillips,Price,"
    "Reid,Roberts,Rossi,Scott,Shaw,Silva,Stewart,Taylor,Turner,Walker,Ward,White,Wood,Young")
GIVEN_EN = (
    "f Alice,f Amara,f Beth,f Chloe,f Diana,f Eleanor,f Fatima,f Grace,f Hannah,f Isabel,f Julia,"
    "f Leila,f Margaret,f Nina,f Olivia,f Rachel,f Sophie,f Zoe,m Adam,m Ben,m Callum,m Daniel,"
    "m Edward,m Farid,m George,m Henry,m Ivan,m James,m Kwame,m Liam,m Marcus,m Nathan,m Oscar,"
    "m Peter,m Rohan,m Samuel,m Thomas,m Victor")
AMERICAN_AREAS = (212, 303, 312, 415, 503, 617)


def phones_zh():
    number = 0
    while True:
        number += 1
        yield f"+861200001{number:04d}"


def phones_en():
    """Half British, half American, in turn."""
    for number in range(100, 200):
        yield f"+447700900{number}"
        yield f"+1{AMERICAN_AREAS[number % len(AMERICAN_AREAS)]}5550{number}"


class Names:
    """Full names, each given once."""

    def __init__(self, chance):
        self._chance = chance
        self._given = set()

    def next(self, language):
        while True:
            name = self._chinese() if language == "zh" else self._english()
            if name["full"] not in self._given:
                self._given.add(name["full"])
                return name

    def _chinese(self):
        surname, surname_zh = self._chance.choice(SURNAMES_ZH.split(",")).split()
        sex, given, given_zh = self._chance.choice(GIVEN_ZH.split(",")).split()
        return {"full": f"{surname} {given}", "title": title(sex), "surname": surname,
                "mail": f"{surname}.{given}".lower(), "zh": surname_zh + given_zh}

    def _english(self):
        surname = self._chance.choice(SURNAMES_EN.split(","))
        sex, given = self._chance.choice(GIVEN_EN.split(",")).split()
        return {"full": f"{given} {surname}", "title": title(sex), "surname": surname,
                "mail": f"{given}.{surname}".lower().replace("'", ""), "zh": None}


def title(sex):
    return "Ms" if sex == "f" else "Mr"


class Customers:
    def __init__(self, seed):
        self._chance = random.Random(seed)
        self._names = Names(self._chance)
        self._phones = {"zh": phones_zh(), "en": phones_en()}
        self._household = None  # a phone that two customers share

    def next(self, number):
        language = self._chance.choice(("zh", "en"))
        name = self._names.next(language)
        tiers, weights = zip(*TIERS)
        tier = self._chance.choices(tiers, weights)[0]
        manager = self._chance.choice(MANAGERS[language]) if tier in ("gold", "platinum") else None
        return {
            "number": number, "name": name, "language": language, "tier": tier, "manager": manager,
            "phones": self._phones_of(number, language),
            "mails": [f"{name['mail']}@{self._chance.choice(MAIL_DOMAINS)}"],
            "age": self._chance.randint(19, 84), "since": self._chance.randint(1998, 2026),
        }

    def _phones_of(self, number, language):
        phones = [next(self._phones[language])]
        if self._chance.random() < 0.25:
            phones.append(next(self._phones[language]))
        if number % 40 == 0:
            self._household = phones[0]
        elif number % 40 == 1 and self._household:
            phones.append(self._household)
        return phones


def ms_chen():
    """Who calls in the demonstration."""
    return {
        "number": 1, "language": "en", "tier": "gold", "manager": "li.wei", "age": 43, "since": 2009,
        "name": {"full": "Chen Yulan", "title": "Ms", "surname": "Chen", "zh": "陈玉兰"},
        "phones": ["+8612000088888", "+447700900001"], "mails": ["chen.yulan@example.com"],
    }


def text(customer):
    name = customer["name"]
    # A greeting says the title and the surname; a Chinese one the name in characters.
    attributes = [f'salutation: "{name["title"]} {name["surname"]}"']
    if name["zh"]:
        attributes.append(f'name_zh: "{name["zh"]}"')
    attributes += [f"age: {customer['age']}", f"since: {customer['since']}"]
    phones = ", ".join(f'"{phone}"' for phone in customer["phones"])
    lines = [
        f'- external_id: "LB-{customer["number"]:04d}"',
        f'  display_name: "{name["title"]} {name["full"]}"',
        f"  language: {customer['language']}",
        f"  tier: {customer['tier']}",
        f"  account_manager: {customer['manager']}" if customer["manager"] else None,
        f"  phones: [{phones}]",
        f"  emails: [{', '.join(customer['mails'])}]",
        f"  attributes: {{{', '.join(attributes)}}}",
    ]
    return "\n".join(f"  {line}" for line in lines if line)


def main():
    customers = Customers(seed=20261122)
    print("# Made by make_customers.py: invented people, see there.\ncustomers:")
    for customer in [ms_chen()] + [customers.next(number) for number in range(2, COUNT + 1)]:
        print(text(customer))


if __name__ == "__main__":
    main()
